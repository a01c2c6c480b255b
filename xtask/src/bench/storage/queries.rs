//! The queries for every layout, in the form used by the data source and the dashboards.

use super::layouts::Names;

/// A named query.
pub struct Question {
    /// Its name in the results table.
    pub name: &'static str,
    sql: &'static str,
}

/// `$names` are replaced with the layout's expressions; contains no user input.
pub const QUESTIONS: [Question; 8] = [
    Question {
        name: "funnel_90d",
        sql: "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT windowFunnel(604800 * $second)($instant, $event = 'page_view' AND path = '/', $event = 'page_view' AND path = '/pricing', $event = 'sign_up') AS level FROM $from WHERE $project = 'p0' AND $time >= '$start' GROUP BY $visitor)",
    },
    Question {
        name: "funnel_7d",
        sql: "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT windowFunnel(604800 * $second)($instant, $event = 'page_view' AND path = '/', $event = 'page_view' AND path = '/pricing', $event = 'sign_up') AS level FROM $from WHERE $project = 'p0' AND $time >= '$week' GROUP BY $visitor)",
    },
    Question {
        name: "sessions_30d",
        sql: "SELECT toDate(started), count(), sum(n), avg(ended - started) FROM (SELECT min($time) AS started, max($time) AS ended, count() AS n FROM $from WHERE $project = 'p0' AND $time >= '$month' AND session_id != '' GROUP BY session_id) GROUP BY 1 ORDER BY 1",
    },
    Question {
        name: "retention_90d",
        sql: "SELECT first, week, count() FROM (SELECT min(toStartOfWeek($time)) AS first, groupUniqArray(toStartOfWeek($time)) AS weeks FROM $from WHERE $project = 'p0' AND $time >= '$start' GROUP BY $visitor) ARRAY JOIN weeks AS week GROUP BY 1, 2 ORDER BY 1, 2",
    },
    Question {
        name: "paths_30d",
        sql: "SELECT pair, count() AS n FROM (SELECT arrayJoin(arrayZip(arrayPopBack(p), arrayPopFront(p))) AS pair FROM (SELECT arrayMap(e -> e.2, arraySort(groupArray(($time, path)))) AS p FROM $from WHERE $project = 'p0' AND $time >= '$month' AND session_id != '' AND $event = 'page_view' GROUP BY session_id)) GROUP BY pair ORDER BY n DESC LIMIT 20",
    },
    Question {
        name: "trend_30d",
        sql: "SELECT toDate($time), $event, count(), uniqExact($visitor) FROM $from WHERE $project = 'p0' AND $time >= '$month' GROUP BY 1, 2 ORDER BY 1, 2",
    },
    Question {
        name: "property_30d",
        sql: "SELECT $button AS b, count() FROM $from WHERE $project = 'p0' AND $time >= '$month' AND $event = 'click' GROUP BY b ORDER BY 2 DESC LIMIT 10",
    },
    Question {
        name: "overview_30d",
        sql: "SELECT country, count(), uniqExact($visitor), uniqExact(session_id) FROM $from WHERE $project = 'p0' AND $time >= '$month' GROUP BY country ORDER BY 2 DESC LIMIT 10",
    },
];

impl Question {
    /// The statement for a layout; `days` are the first day of 90, 30 and 7.
    pub fn sql(&self, names: &Names, [start, month, week]: &[String; 3]) -> String {
        self.sql
            .replace("$second", &names.instant.1.to_string())
            .replace("$instant", names.instant.0)
            .replace("$time", names.time)
            .replace("$event", names.event)
            .replace("$from", names.from)
            .replace("$project", names.project)
            .replace("$visitor", names.visitor)
            .replace("$button", names.button)
            .replace("$start", start)
            .replace("$month", month)
            .replace("$week", week)
    }
}
