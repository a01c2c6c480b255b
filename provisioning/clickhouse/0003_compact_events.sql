-- Fewer bytes an event, chosen by `cargo xtask bench storage` (docs/storage.md):
-- * `event_id` is 48 bits of a hash of the event's UUID. Project, visitor and instant are
--   part of the key, so it has to tell apart the events of one visitor in one millisecond.
-- * The arrival is kept as the delay after `ts`, which compresses to a byte.
-- A replayed event has the same key and is merged away; queries read with FINAL, which
-- costs nothing where parts are merged, so that a replay changes no number before either.
-- The old table is renamed first and copied then: what arrives meanwhile goes to the new.

-- while analytics.events.event_id is UUID
-- in a cluster: analytics.events
CREATE TABLE IF NOT EXISTS analytics.events_compact
(
    project          LowCardinality(String),
    ts               DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(3)),
    event            LowCardinality(String),
    visitor          UInt64 CODEC(ZSTD(3)),
    session_id       String CODEC(ZSTD(3)),
    event_id         UInt64 CODEC(T64, ZSTD(1)),
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
    delay_ms         Int64 CODEC(T64, ZSTD(1)),
    received_at      DateTime64(3, 'UTC') ALIAS ts + toIntervalMillisecond(delay_ms)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (project, toDate(ts), visitor, ts, event_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- while analytics.events.event_id is UUID
RENAME TABLE analytics.events TO analytics.events_before_3, analytics.events_compact TO analytics.events;

-- while analytics.events_before_3.event_id is UUID
INSERT INTO analytics.events
SELECT project, ts, event, visitor, session_id, bitShiftRight(sipHash64(toString(event_id)), 16), user_id, anonymous_id, path, hostname,
    url, title, referrer, referrer_host, referrer_source, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
    locale, app_version, browser, browser_version, os, os_version, device_type, device_brand, device_model,
    bot, bot_score, bot_reasons, country, region, city, latitude, longitude, screen_width, screen_height,
    revenue_amount, revenue_currency, properties, toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(ts)
FROM analytics.events_before_3
SETTINGS max_partitions_per_insert_block = 0;

DROP TABLE IF EXISTS analytics.events_before_3;

-- The article's table, on the new columns.
CREATE OR REPLACE VIEW analytics.data AS
SELECT
    event                                                    AS type,
    user_id                                                  AS user_id,
    session_id                                               AS session_id,
    toDateTime(ts, 'UTC')                                    AS timestamp,
    locale                                                   AS locale,
    path                                                     AS path,
    app_version                                              AS appVersion,
    CAST(properties, 'Map(String, String)')                  AS details,
    project                                                  AS project,
    browser                                                  AS browser,
    browser_version                                          AS browser_version,
    os                                                       AS os,
    os_version                                               AS os_version,
    device_type                                              AS device,
    device_brand                                             AS brand,
    device_model                                             AS model,
    country                                                  AS country,
    region                                                   AS region,
    city                                                     AS city,
    latitude                                                 AS latitude,
    longitude                                                AS longitude
FROM analytics.events;
