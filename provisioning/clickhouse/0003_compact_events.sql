-- Fewer bytes an event, chosen by `cargo xtask bench storage` (docs/storage.md):
-- * `event_id` is 48 bits of a hash of the event's UUID. Project, visitor and instant are
--   part of the key, so it has to tell apart the events of one visitor in one millisecond.
-- * The arrival is kept as the delay after `ts` in whole seconds.
-- * `url` mostly repeats host and path: `url_rest` has `~` for https://<hostname><path>, `@`
--   for the same with www., then what follows; `=` and the whole address if it is neither.
-- * Paths and titles are few beside the events: dictionaries (`LowCardinality`).
-- A replayed event has the same key and is merged away; queries read with FINAL, which
-- costs nothing where parts are merged, so that a replay changes no number before either.
-- The old table is renamed first and copied then: what arrives meanwhile goes to the new.

-- while analytics.events.event_id is UUID
-- in a cluster: analytics.events
CREATE TABLE IF NOT EXISTS analytics.events_compact
(
    project          LowCardinality(String) CODEC(ZSTD(1)),
    ts               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(3)),
    event            LowCardinality(String) CODEC(ZSTD(1)),
    visitor          UInt64 CODEC(ZSTD(3)),
    session_id       String CODEC(ZSTD(3)),
    event_id         UInt64 CODEC(T64, ZSTD(1)),
    user_id          String CODEC(ZSTD(3)),
    anonymous_id     String CODEC(ZSTD(3)),
    path             LowCardinality(String) CODEC(ZSTD(1)),
    hostname         LowCardinality(String) CODEC(ZSTD(1)),
    url_rest         String CODEC(ZSTD(3)),
    title            LowCardinality(String) CODEC(ZSTD(1)),
    referrer         String CODEC(ZSTD(3)),
    referrer_host    LowCardinality(String) CODEC(ZSTD(1)),
    referrer_source  LowCardinality(String) CODEC(ZSTD(1)),
    channel          LowCardinality(String) CODEC(ZSTD(1)),
    utm_source       LowCardinality(String) CODEC(ZSTD(1)),
    utm_medium       LowCardinality(String) CODEC(ZSTD(1)),
    utm_campaign     LowCardinality(String) CODEC(ZSTD(1)),
    utm_term         LowCardinality(String) CODEC(ZSTD(1)),
    utm_content      LowCardinality(String) CODEC(ZSTD(1)),
    locale           LowCardinality(String) CODEC(ZSTD(1)),
    app_version      LowCardinality(String) CODEC(ZSTD(1)),
    browser          LowCardinality(String) CODEC(ZSTD(1)),
    browser_version  LowCardinality(String) CODEC(ZSTD(1)),
    os               LowCardinality(String) CODEC(ZSTD(1)),
    os_version       LowCardinality(String) CODEC(ZSTD(1)),
    device_type      LowCardinality(String) CODEC(ZSTD(1)),
    device_brand     LowCardinality(String) CODEC(ZSTD(1)),
    device_model     LowCardinality(String) CODEC(ZSTD(1)),
    bot              LowCardinality(String) CODEC(ZSTD(1)),
    bot_score        UInt8 CODEC(ZSTD(1)),
    bot_reasons      Array(LowCardinality(String)) CODEC(ZSTD(1)),
    country          LowCardinality(String) CODEC(ZSTD(1)),
    region           LowCardinality(String) CODEC(ZSTD(1)),
    city             LowCardinality(String) CODEC(ZSTD(1)),
    latitude         Float32 CODEC(ZSTD(3)),
    longitude        Float32 CODEC(ZSTD(3)),
    screen_width     UInt16 CODEC(ZSTD(3)),
    screen_height    UInt16 CODEC(ZSTD(3)),
    revenue_amount   Decimal(18, 4) CODEC(ZSTD(3)),
    revenue_currency LowCardinality(String) CODEC(ZSTD(1)),
    properties       Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    delay_s          Int32 CODEC(ZSTD(1)),
    received_at      DateTime64(3, 'UTC') ALIAS ts + toIntervalSecond(delay_s),
    url              String ALIAS multiIf(startsWith(url_rest, '~'), concat('https://', hostname, path, substring(url_rest, 2)),
                                          startsWith(url_rest, '@'), concat('https://www.', hostname, path, substring(url_rest, 2)),
                                          substring(url_rest, 2))
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
    multiIf(url = '', '',
        startsWith(url, concat('https://', hostname, path)), concat('~', substring(url, 9 + length(hostname) + length(path))),
        startsWith(url, concat('https://www.', hostname, path)), concat('@', substring(url, 13 + length(hostname) + length(path))),
        concat('=', url)),
    title, referrer, referrer_host, referrer_source, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
    locale, app_version, browser, browser_version, os, os_version, device_type, device_brand, device_model,
    bot, bot_score, bot_reasons, country, region, city, latitude, longitude, screen_width, screen_height,
    revenue_amount, revenue_currency, properties, toInt32(intDiv(toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(ts), 1000))
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
