-- Sessions, kept up to date by a materialized view, whatever the order and however often
-- the events arrive: each column is a minimum, a maximum or a set of ids.
-- * A client's session is one row per visitor and day (`slot` 0).
-- * Events without a session id are gathered by half hours (`slot` 1 … 48, `session` 0):
--   within one, no two are more than 30 minutes apart, so a half hour is never split
--   between sessions, and joining the half hours by their gaps gives the sessions exactly.
-- `entry` is the first event with what a session is attributed to, frozen there; `exit` is
-- the last. Their `moment` is the instant in milliseconds in the upper 64 bits, then
-- `event_id`. Parts of a tuple are not merged under FINAL, so what is read with FINAL has
-- columns of its own.
CREATE TABLE IF NOT EXISTS analytics.sessions
(
    project      LowCardinality(String),
    date         Date,
    visitor      UInt64 CODEC(ZSTD(3)),
    session      UInt64 CODEC(ZSTD(3)),
    slot         UInt8,
    started      SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(3)),
    ended        SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(3)),
    entry        SimpleAggregateFunction(min, Tuple(
        moment UInt128, event String, path String, hostname String,
        referrer_host String, referrer_source String, channel String,
        utm_source String, utm_medium String, utm_campaign String, utm_term String, utm_content String,
        country String, region String, city String, locale String,
        browser String, os String, device_type String, bot String)) CODEC(ZSTD(3)),
    exit         SimpleAggregateFunction(max, Tuple(moment UInt128, path String)) CODEC(ZSTD(3)),
    page_views   SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) CODEC(ZSTD(1)),
    other_events SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(date)
ORDER BY (project, date, visitor, session, slot)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.sessions_of_events TO analytics.sessions AS
WITH
    bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(ts)), 64), event_id) AS moment,
    argMin(tuple(event, path, hostname, referrer_host, referrer_source, channel, utm_source, utm_medium,
        utm_campaign, utm_term, utm_content, country, region, city, locale, browser, os, device_type, bot), moment) AS first,
    ['page_view', 'pageview', '$pageview', 'page', 'view', 'screen_view', 'screen'] AS page_view_events
SELECT
    project,
    toDate(ts) AS date,
    visitor,
    if(session_id = '', 0, cityHash64(session_id)) AS session,
    if(session_id = '', toUInt8(1 + intDiv(toUnixTimestamp(ts) % 86400, 1800)), toUInt8(0)) AS slot,
    min(ts) AS started,
    max(ts) AS ended,
    tuple(min(moment), toString(first.1), toString(first.2), toString(first.3), toString(first.4), toString(first.5),
        toString(first.6), toString(first.7), toString(first.8), toString(first.9), toString(first.10),
        toString(first.11), toString(first.12), toString(first.13), toString(first.14), toString(first.15),
        toString(first.16), toString(first.17), toString(first.18), toString(first.19)) AS entry,
    tuple(max(moment), toString(argMax(path, moment))) AS exit,
    groupUniqArrayIf(event_id, has(page_view_events, event)) AS page_views,
    groupUniqArrayIf(event_id, NOT has(page_view_events, event)) AS other_events
FROM analytics.events
GROUP BY project, date, visitor, session, slot;

-- The events that were there before the view. Once more does no harm: the columns are sets.
INSERT INTO analytics.sessions
WITH
    bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(ts)), 64), event_id) AS moment,
    argMin(tuple(event, path, hostname, referrer_host, referrer_source, channel, utm_source, utm_medium,
        utm_campaign, utm_term, utm_content, country, region, city, locale, browser, os, device_type, bot), moment) AS first,
    ['page_view', 'pageview', '$pageview', 'page', 'view', 'screen_view', 'screen'] AS page_view_events
SELECT
    project,
    toDate(ts) AS date,
    visitor,
    if(session_id = '', 0, cityHash64(session_id)) AS session,
    if(session_id = '', toUInt8(1 + intDiv(toUnixTimestamp(ts) % 86400, 1800)), toUInt8(0)) AS slot,
    min(ts) AS started,
    max(ts) AS ended,
    tuple(min(moment), toString(first.1), toString(first.2), toString(first.3), toString(first.4), toString(first.5),
        toString(first.6), toString(first.7), toString(first.8), toString(first.9), toString(first.10),
        toString(first.11), toString(first.12), toString(first.13), toString(first.14), toString(first.15),
        toString(first.16), toString(first.17), toString(first.18), toString(first.19)) AS entry,
    tuple(max(moment), toString(argMax(path, moment))) AS exit,
    groupUniqArrayIf(event_id, has(page_view_events, event)) AS page_views,
    groupUniqArrayIf(event_id, NOT has(page_view_events, event)) AS other_events
FROM analytics.events
GROUP BY project, date, visitor, session, slot
SETTINGS max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 4000000000;
