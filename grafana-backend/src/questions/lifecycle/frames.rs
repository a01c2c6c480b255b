//! The lifecycle as a frame.

use super::fold::{Counts, Row};
use crate::{
    frame::{Column, Frame},
    presence::Periods,
};

/// A row a period, beside those of the earlier range. Nobody is new, gone or anything else in a period that
/// has not begun.
pub fn frame(counts: &Counts, before: Option<&Counts>, periods: &Periods, now_ms: i64) -> Frame {
    let mut frame = Frame::new("lifecycle");
    let shown = || periods.0.starts_ms.iter().zip(&counts.0).skip(1);
    frame.push(Column::time("time", shown().map(|(start, _)| Some(*start)).collect()));
    type Pick = fn(&Row) -> i64;
    let columns: [(&str, Pick); 4] = [
        ("new", |row| row.new),
        ("returning", |row| row.returning),
        ("resurrecting", |row| row.resurrecting),
        ("dormant", |row| row.dormant),
    ];
    for (name, pick) in columns {
        let count = |(start, row): (&i64, &Row)| Some(if *start < now_ms { pick(row) } else { 0 });
        frame.push(Column::integer(name, shown().map(count).collect()));
    }
    for (name, pick) in columns {
        if let Some(before) = before {
            // The earlier range's first period is not shown either.
            let previous = (1..periods.count()).map(|at| before.0.get(at).map(pick)).collect();
            frame.push(Column::integer(&format!("previous_{name}"), previous));
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gathering::Packed, presence::Count, time::buckets::Buckets};

    #[test]
    fn a_period_that_has_not_begun_is_zero() {
        // The period before, and three of 10 ms from 10 on.
        let periods = Periods(Buckets { starts_ms: vec![0, 10, 20, 30], end_ms: 40 });
        let mut counts = Counts::new(4);
        let was_there = |at_ms: u64| Packed { actor: 1, packed: at_ms + 1 };
        counts.add(&[was_there(0), was_there(10)], &periods);
        let dormant = |now_ms| frame(&counts, None, &periods, now_ms).column_json("dormant");
        assert_eq!(dormant(25), serde_json::json!([0, -1, 0]));
        // At its first instant a period has not begun: nobody can be missing from it.
        assert_eq!(dormant(20), serde_json::json!([0, 0, 0]));
        assert_eq!(frame(&counts, None, &periods, 5).column_json("returning"), serde_json::json!([0, 0, 0]));
        assert_eq!(frame(&counts, None, &periods, 11).column_json("returning"), serde_json::json!([1, 0, 0]));
    }
}
