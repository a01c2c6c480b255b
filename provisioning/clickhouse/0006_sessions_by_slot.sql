-- Sessions with half hours apart: `slot` before the visitor in the key. Most of a project's rows are
-- clients' sessions (slot 0), and a query reads them and the half hours each by itself; mixed, it
-- reads everything twice. The new table's `slot` is UInt16, by
-- which the two are told apart. While rows are copied, the view of either table fills it, so nothing
-- is missed; a row that is copied twice changes nothing. Then the tables change their names in one
-- step, and each view goes on filling the table that now has the name it knows.
-- A cluster keeps the key of migration 4.

-- while analytics.sessions.slot is UInt8
CREATE TABLE IF NOT EXISTS analytics.sessions_by_slot
(
    project      LowCardinality(String),
    date         Date,
    visitor      UInt64 CODEC(ZSTD(3)),
    session      UInt64 CODEC(ZSTD(3)),
    slot         UInt16,
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
ORDER BY (project, date, slot, visitor, session)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- while analytics.sessions.slot is UInt8
CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.sessions_by_slot_of_events TO analytics.sessions_by_slot AS
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
    if(session_id = '', toUInt16(1 + intDiv(toUnixTimestamp(ts) % 86400, 1800)), toUInt16(0)) AS slot,
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

-- while analytics.sessions.slot is UInt8
INSERT INTO analytics.sessions_by_slot
SELECT project, date, visitor, session, slot, started, ended, entry, exit, page_views, other_events FROM analytics.sessions
SETTINGS max_partitions_per_insert_block = 0;

-- while analytics.sessions.slot is UInt8
EXCHANGE TABLES analytics.sessions AND analytics.sessions_by_slot;

-- The old table has the new one's first name by now.
-- while analytics.sessions_by_slot.slot is UInt8
DROP VIEW IF EXISTS analytics.sessions_by_slot_of_events;

-- while analytics.sessions_by_slot.slot is UInt8
DROP TABLE IF EXISTS analytics.sessions_by_slot;
