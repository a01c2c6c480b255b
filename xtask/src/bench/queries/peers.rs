//! Other approaches to the same numbers, as SQL on the same engine.

/// As in the article's dashboards: whole seconds, ids as strings.
pub const LAB_FUNNEL: &str = "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT user_id, \
    windowFunnel(604800)(timestamp, type = 'page_view' AND path = '/', type = 'page_view' AND path = '/pricing', type = 'sign_up') AS level \
    FROM layouts.lab WHERE project = 'website' GROUP BY user_id)";

/// One event may count for two steps unless `strict_once` is set.
pub const OUR_FUNNEL: &str = "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT visitor, \
    windowFunnel(604800000, 'strict_once')(toUInt64(toUnixTimestamp64Milli(ts)), event = 'page_view' AND path = '/', event = 'page_view' AND path = '/pricing', event = 'sign_up') AS level \
    FROM analytics.events FINAL WHERE project = 'website' GROUP BY visitor)";

/// Each step joins the previous one, as in Umami.
pub const SELF_JOIN: &str = "WITH first AS (SELECT DISTINCT visitor, ts FROM analytics.events FINAL WHERE project = 'website' AND event = 'page_view' AND path = '/'), \
    second AS (SELECT DISTINCT l.visitor AS visitor, r.ts AS ts FROM first AS l INNER JOIN analytics.events AS r ON l.visitor = r.visitor WHERE r.project = 'website' AND r.event = 'page_view' AND r.path = '/pricing' AND r.ts >= l.ts AND r.ts <= l.ts + INTERVAL 7 DAY), \
    third AS (SELECT DISTINCT l.visitor AS visitor, r.ts AS ts FROM second AS l INNER JOIN analytics.events AS r ON l.visitor = r.visitor WHERE r.project = 'website' AND r.event = 'sign_up' AND r.ts >= l.ts AND r.ts <= l.ts + INTERVAL 7 DAY) \
    SELECT (SELECT uniqExact(visitor) FROM first), (SELECT uniqExact(visitor) FROM second), (SELECT uniqExact(visitor) FROM third)";

/// Only reads the funnel's columns.
pub const SCAN: &str = "SELECT sum(visitor), max(ts), countIf(event = 'page_view'), countIf(path = '/') FROM analytics.events WHERE project = 'website'";

/// Sessions over time without a rollup: replays don't count, the first visitor counts.
pub const RAW_SESSIONS: &str = "SELECT toDate(started) AS day, count(), uniqExact(actor), sum(events), sum(views), sum(ended - started), countIf(events = 1) FROM \
    (SELECT argMin(visitor, (ts, visitor)) AS actor, min(ts) AS started, max(ts) AS ended, uniqExact(event_id) AS events, uniqExactIf(event_id, event = 'page_view') AS views \
     FROM analytics.events WHERE project = 'website' AND session_id != '' GROUP BY session_id) GROUP BY day ORDER BY day";

/// The events the rich funnel needs.
const RICH_EVENTS: &str = "analytics.events FINAL WHERE project = 'website' AND ((event = 'page_view' AND path IN ('/', '/pricing')) \
    OR event = 'sign_up' OR (event = 'click' AND properties['button'] = 'search')) GROUP BY visitor";

/// The rich funnel with `arrayFold`: for the first two steps the chain that started last, then the
/// furthest step and its country.
pub fn rich_by_array_fold() -> String {
    format!(
        "SELECT value, countIf(level >= 1) AS entered, countIf(level >= 2), countIf(level >= 3) FROM (SELECT arrayFold((a, e) -> ( \
            multiIf(bitAnd(e.2, 8) != 0, (toInt64(0), ''), bitAnd(e.2, 1) != 0, (e.1, e.3), a.1), \
            multiIf(bitAnd(e.2, 8) != 0, (toInt64(0), ''), bitAnd(e.2, 2) != 0 AND a.1.1 > 0 AND e.1 - a.1.1 <= 604800000, a.1, a.2), \
            multiIf(a.3.1 < 3 AND bitAnd(e.2, 4) != 0 AND a.2.1 > 0 AND e.1 - a.2.1 <= 604800000, (toUInt8(3), a.2.2), \
                a.3.1 < 2 AND bitAnd(e.2, 2) != 0 AND a.1.1 > 0 AND e.1 - a.1.1 <= 604800000, (toUInt8(2), a.1.2), \
                a.3.1 < 1 AND bitAnd(e.2, 1) != 0, (toUInt8(1), e.3), a.3)), \
            events, ((toInt64(0), ''), (toInt64(0), ''), (toUInt8(0), ''))) AS state, state.3.1 AS level, state.3.2 AS value \
         FROM (SELECT arraySort(groupArray((toUnixTimestamp64Milli(ts), toUInt8(if(event = 'page_view' AND path = '/', 1, 0) \
            + if(event = 'page_view' AND path = '/pricing', 2, 0) + if(event = 'sign_up', 4, 0) \
            + if(event = 'click' AND properties['button'] = 'search', 8, 0)), toString(country)))) AS events FROM {RICH_EVENTS})) \
         WHERE level > 0 GROUP BY value ORDER BY entered DESC, value"
    )
}

/// The rich funnel with functions over sorted arrays: for each first step the next second step, the
/// next third step after it and the next exclusion; the best of these chains counts.
pub fn rich_by_array_functions() -> String {
    format!(
        "SELECT best.4 AS value, count() AS entered, countIf(best.1 <= -2), countIf(best.1 = -3) FROM ( \
         SELECT arraySort(arrayMap((f, s, t, x) -> multiIf( \
            t > 0 AND t - f.1 <= 604800000 AND (x = 0 OR x > t), (-3, t, -f.1, f.2), \
            s > 0 AND s - f.1 <= 604800000 AND (x = 0 OR x > s), (-2, s, -f.1, f.2), (-1, f.1, -f.1, f.2)), \
            firsts, second_of, third_of, ended_of))[1] AS best FROM ( \
         SELECT firsts, second_of, ended_of, arrayMap(s -> if(s = 0, 0, arrayFirst(t -> t > s, thirds)), second_of) AS third_of FROM ( \
         SELECT firsts, thirds, arrayMap(f -> arrayFirst(t -> t > f.1, seconds), firsts) AS second_of, \
            arrayMap(f -> arrayFirst(t -> t > f.1, excluded), firsts) AS ended_of FROM ( \
         SELECT arraySort(groupArrayIf((toUnixTimestamp64Milli(ts), toString(country)), event = 'page_view' AND path = '/')) AS firsts, \
            arraySort(groupArrayIf(toUnixTimestamp64Milli(ts), event = 'page_view' AND path = '/pricing')) AS seconds, \
            arraySort(groupArrayIf(toUnixTimestamp64Milli(ts), event = 'sign_up')) AS thirds, \
            arraySort(groupArrayIf(toUnixTimestamp64Milli(ts), event = 'click' AND properties['button'] = 'search')) AS excluded \
         FROM {RICH_EVENTS} HAVING length(firsts) > 0)))) GROUP BY value ORDER BY entered DESC, value"
    )
}
