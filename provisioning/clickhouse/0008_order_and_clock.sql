-- What is known of an event's sending, outside of the key, so that the same event sent again in another
-- way is the same row:
-- * `tie_order`: how many events of the same millisecond stood before it in its request. Of two pages
--   in one millisecond, the one that was sent last is the exit page.
-- * `clock_skew_s`: the arrival minus the client's `sent_at`, in whole seconds: how wrong its clock is, or
--   how long the request was under way. `ts` is what the client said, and is never moved by it.
-- `event_order` tells which of two events of one instant came first.
ALTER TABLE analytics.events
    ADD COLUMN IF NOT EXISTS tie_order UInt16 CODEC(T64, ZSTD(1)) AFTER event_id,
    ADD COLUMN IF NOT EXISTS clock_skew_s Int32 CODEC(ZSTD(1)) AFTER delay_s,
    ADD COLUMN IF NOT EXISTS event_order UInt64 ALIAS bitOr(bitShiftLeft(toUInt64(tie_order), 48), event_id);

-- As in migration 4, with `event_order` in the moment.
ALTER TABLE analytics.sessions_of_events MODIFY QUERY
WITH
    bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(ts)), 64), bitOr(bitShiftLeft(toUInt64(tie_order), 48), event_id)) AS moment,
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
