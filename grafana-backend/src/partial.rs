//! Buckets that a result has only in part: the one that is not over yet, and those that the range's edges
//! cut. A graph marks them; without a mark each looks like a crash.

use serde_json::{Value, json};

use crate::{frame::Frame, scope::Scope, time::buckets::Buckets};

/// Notes the buckets for the front end, which marks them. An alert rule sees the numbers alone.
#[must_use]
pub fn marked(frame: Frame, buckets: &Buckets, scope: &Scope) -> Frame {
    let partial = of(buckets, scope);
    match partial.is_empty() {
        true => frame,
        false => frame.with_meta("custom", json!({"partial": partial})),
    }
}

fn of(buckets: &Buckets, scope: &Scope) -> Vec<Value> {
    let now_ms = scope.now_ms;
    let reason = |start_ms: i64, end_ms: i64| match () {
        () if start_ms <= now_ms && now_ms < end_ms => Some("now"),
        // Of what has not begun, nothing is missing.
        () if now_ms < start_ms => None,
        () if start_ms < scope.range.from_ms || scope.range.to_ms < end_ms => Some("range"),
        () => None,
    };
    let each = buckets.bounds().filter_map(|(start_ms, end_ms)| {
        let because = reason(start_ms, end_ms)?;
        Some(json!({"from": start_ms, "to": end_ms, "because": because}))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::range::Range;

    #[test]
    fn what_is_not_over_and_what_the_range_cuts_is_marked() {
        let buckets = Buckets { starts_ms: vec![0, 10, 20, 30], end_ms: 40 };
        let partial = |from_ms, to_ms, now_ms| {
            let range = Range { from_ms, to_ms, interval_ms: 1 };
            let scope = Scope { range, now_ms, ..Scope::for_tests() };
            let marks = of(&buckets, &scope);
            marks
                .iter()
                .map(|mark| (mark["from"].as_i64().unwrap(), mark["because"].as_str().unwrap().to_owned()))
                .collect::<Vec<_>>()
        };
        let mark = |from: i64, because: &str| (from, because.to_owned());
        assert_eq!(partial(0, 40, 40), []);
        assert_eq!(partial(5, 35, 100), [mark(0, "range"), mark(30, "range")]);
        assert_eq!(partial(0, 25, 25), [mark(20, "now")], "what has not begun is not marked");
        assert_eq!(partial(0, 40, 20), [mark(20, "now")]);
    }
}
