-- The events, one row each. Columns are described in docs/events.md.
-- Rows of one visitor's day lie together; a replayed event has the same key and is
-- merged away, and queries count by event_id, so that a replay changes no number
-- before the merge either. A part is on disk before the insert is answered: the gateway's
-- 201 must survive a power cut.
CREATE TABLE IF NOT EXISTS analytics.events
(
    project          LowCardinality(String),
    ts               DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(3)),
    event            LowCardinality(String),
    visitor          UInt64 CODEC(ZSTD(3)),
    session_id       String CODEC(ZSTD(3)),
    event_id         UUID,
    user_id          String CODEC(ZSTD(3)),
    anonymous_id     String CODEC(ZSTD(3)),
    path             String CODEC(ZSTD(3)),
    hostname         LowCardinality(String),
    url              String CODEC(ZSTD(3)),
    title            String CODEC(ZSTD(3)),
    referrer         String CODEC(ZSTD(3)),
    referrer_host    LowCardinality(String),
    referrer_source  LowCardinality(String),
    channel          LowCardinality(String),
    utm_source       LowCardinality(String),
    utm_medium       LowCardinality(String),
    utm_campaign     LowCardinality(String),
    utm_term         LowCardinality(String),
    utm_content      LowCardinality(String),
    locale           LowCardinality(String),
    app_version      LowCardinality(String),
    browser          LowCardinality(String),
    browser_version  LowCardinality(String),
    os               LowCardinality(String),
    os_version       LowCardinality(String),
    device_type      LowCardinality(String),
    device_brand     LowCardinality(String),
    device_model     LowCardinality(String),
    bot              LowCardinality(String),
    bot_score        UInt8,
    bot_reasons      Array(LowCardinality(String)),
    country          LowCardinality(String),
    region           LowCardinality(String),
    city             LowCardinality(String),
    latitude         Float32 CODEC(ZSTD(3)),
    longitude        Float32 CODEC(ZSTD(3)),
    screen_width     UInt16 CODEC(ZSTD(3)),
    screen_height    UInt16 CODEC(ZSTD(3)),
    revenue_amount   Decimal(18, 4) CODEC(ZSTD(3)),
    revenue_currency LowCardinality(String),
    properties       Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    received_at      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(3))
)
ENGINE = ReplacingMergeTree(received_at)
PARTITION BY toYYYYMM(ts)
ORDER BY (project, toDate(ts), visitor, ts, event_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
