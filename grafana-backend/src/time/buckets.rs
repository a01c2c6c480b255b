//! Buckets of time in the viewer's zone. They are cut here, once, for every query: ClickHouse
//! gets the edges and the folds use the same ones, so that a change to or from daylight
//! saving time is the same everywhere.

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use super::{
    range::Range,
    unit::{BUCKETS_MAX, HOUR_MS, Unit},
    zone::{instant, midnight},
};
use crate::{error::QueryError, sql::Sql};

const MONTHS_OF_QUARTER: u32 = 3;

/// The edges of buckets, in milliseconds since 1970 UTC; each bucket is `[edge, next edge)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// The first instants of the buckets, ascending.
    pub starts_ms: Vec<i64>,
    /// The first instant after the last bucket.
    pub end_ms: i64,
}

impl Buckets {
    /// The buckets that the range touches, in the time zone.
    ///
    /// # Errors
    /// If there are more than [`BUCKETS_MAX`].
    pub fn cut(range: Range, unit: Unit, zone: Tz) -> Result<Self, QueryError> {
        let mut starts_ms = Vec::new();
        let mut at_ms = floor(range.from_ms, unit, zone);
        while at_ms < range.to_ms {
            if starts_ms.len() >= BUCKETS_MAX {
                let message = format!("the range has more than {BUCKETS_MAX} of this length");
                return Err(QueryError::invalid("interval", message));
            }
            starts_ms.push(at_ms);
            at_ms = next(at_ms, unit, zone);
        }
        Ok(Self { starts_ms, end_ms: at_ms })
    }

    /// First instant of each bucket, and first instant after it.
    pub fn bounds(&self) -> impl Iterator<Item = (i64, i64)> {
        let ends = self.starts_ms.iter().skip(1).chain([&self.end_ms]);
        self.starts_ms.iter().copied().zip(ends.copied())
    }

    /// The same, after so many more that end where they begin.
    ///
    /// # Errors
    /// If there are more than [`BUCKETS_MAX`].
    pub fn preceded(&self, by: usize, unit: Unit, zone: Tz) -> Result<Self, QueryError> {
        let mut starts_ms = self.starts_ms.clone();
        if starts_ms.len() + by > BUCKETS_MAX {
            let message = format!("with those before the range there are more than {BUCKETS_MAX} of this length");
            return Err(QueryError::invalid("interval", message));
        }
        let Some(mut first_ms) = starts_ms.first().copied() else { return Ok(self.clone()) };
        for _ in 0..by {
            first_ms = floor(first_ms - 1, unit, zone);
            starts_ms.push(first_ms);
        }
        starts_ms.sort_unstable();
        Ok(Self { starts_ms, end_ms: self.end_ms })
    }

    /// Which bucket an instant lies in.
    #[must_use]
    pub fn find(&self, at_ms: i64) -> Option<usize> {
        let after = self.starts_ms.partition_point(|start| *start <= at_ms);
        (at_ms < self.end_ms).then(|| after.checked_sub(1)).flatten()
    }

    /// Appends the first instant of the bucket of `instant_ms`, which must lie in one.
    pub fn write(&self, sql: &mut Sql, instant_ms: &'static str) {
        match self.even() {
            // Where no clock changes, arithmetic gives the same edges in a fraction of the time.
            Some((first_ms, length_ms)) => {
                sql.text("(").int(first_ms).text(" + intDiv(").text(instant_ms).text(" - ").int(first_ms);
                sql.text(", ").int(length_ms).text(") * ").int(length_ms).text(")");
            }
            None => {
                sql.text("roundDown(").text(instant_ms).text(", ").ints(&self.starts_ms).text(")");
            }
        }
    }

    /// Appends the place of the bucket of `instant_ms`, from 1; it must lie in one.
    pub fn write_place(&self, sql: &mut Sql, instant_ms: &'static str) {
        match self.even() {
            Some((first_ms, length_ms)) => {
                sql.text("(intDiv(")
                    .text(instant_ms)
                    .text(" - ")
                    .int(first_ms)
                    .text(", ")
                    .int(length_ms)
                    .text(") + 1)");
            }
            None => {
                sql.text("indexOf(").ints(&self.starts_ms).text(", ").sub(|sql| self.write(sql, instant_ms)).text(")");
            }
        }
    }

    /// The first edge and the length, if all buckets have the same.
    fn even(&self) -> Option<(i64, i64)> {
        let first_ms = *self.starts_ms.first()?;
        let length_ms = self.starts_ms.get(1).unwrap_or(&self.end_ms) - first_ms;
        let even = self.bounds().all(|(start, end)| end - start == length_ms);
        (even && length_ms > 0).then_some((first_ms, length_ms))
    }
}

fn floor(ms: i64, unit: Unit, zone: Tz) -> i64 {
    let local = instant(ms).with_timezone(&zone).naive_local();
    // By the offset in force, so that the hour that comes twice is two buckets.
    let of_length = |length: i64| {
        let offset_ms = local.and_utc().timestamp_millis() - ms;
        (ms + offset_ms).div_euclid(length) * length - offset_ms
    };
    let date = match unit {
        Unit::Ms(length) => return of_length(length),
        Unit::Hour => return of_length(HOUR_MS),
        Unit::Week => local.date() - Days::new(local.weekday().num_days_from_monday().into()),
        Unit::Month => first_of_month(local.date()),
        Unit::Quarter => {
            let first = first_of_month(local.date());
            first - Months::new(first.month0() % MONTHS_OF_QUARTER)
        }
        Unit::Day => local.date(),
    };
    midnight(date, zone)
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

fn next(start_ms: i64, unit: Unit, zone: Tz) -> i64 {
    let local_date = || instant(start_ms).with_timezone(&zone).date_naive();
    match unit {
        Unit::Ms(length) => start_ms + length,
        Unit::Hour => {
            // Zones change by half an hour or less than an hour as well.
            let after = floor(start_ms + HOUR_MS, unit, zone);
            if after > start_ms { after } else { start_ms + HOUR_MS }
        }
        Unit::Day => midnight(local_date() + Days::new(1), zone),
        Unit::Week => midnight(local_date() + Days::new(7), zone),
        Unit::Month => midnight(local_date() + Months::new(1), zone),
        Unit::Quarter => midnight(local_date() + Months::new(MONTHS_OF_QUARTER), zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    use crate::time::unit::MINUTE_MS;

    fn cut(from: &str, to: &str, unit: Unit, zone: &str) -> Vec<String> {
        let ms = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_millis();
        let range = Range { from_ms: ms(from), to_ms: ms(to), interval_ms: 1 };
        let buckets = Buckets::cut(range, unit, zone.parse().unwrap()).unwrap();
        assert!(buckets.starts_ms.windows(2).all(|pair| pair[0] < pair[1]));
        buckets.starts_ms.iter().map(|ms| instant(*ms).format("%m-%dT%H:%M").to_string()).collect()
    }

    #[test]
    fn days_have_23_or_25_hours_when_clocks_change() {
        assert_eq!(
            cut("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", Unit::Day, "Europe/Berlin"),
            ["03-27T23:00", "03-28T23:00", "03-29T22:00"]
        );
        assert_eq!(
            cut("2026-10-24T22:00:00Z", "2026-10-25T23:30:00Z", Unit::Day, "Europe/Berlin"),
            ["10-24T22:00", "10-25T23:00"]
        );
        // In Chile clocks jump over midnight.
        assert_eq!(
            cut("2026-09-05T12:00:00Z", "2026-09-07T12:00:00Z", Unit::Day, "America/Santiago"),
            ["09-05T04:00", "09-06T04:00", "09-07T03:00"]
        );
    }

    #[test]
    fn a_day_that_a_zone_jumps_over_is_none() {
        assert_eq!(
            cut("2011-12-28T10:00:00Z", "2012-01-01T10:00:00Z", Unit::Day, "Pacific/Apia"),
            ["12-28T10:00", "12-29T10:00", "12-30T10:00", "12-31T10:00"]
        );
        assert_eq!(
            cut("2011-12-26T10:00:00Z", "2012-01-02T12:00:00Z", Unit::Week, "Pacific/Apia"),
            ["12-26T10:00", "01-01T10:00"]
        );
    }

    #[test]
    fn parts_of_an_hour_begin_at_the_zones_full_hour() {
        assert_eq!(
            cut("2026-10-24T00:15:00Z", "2026-10-24T01:15:00Z", Unit::Ms(30 * MINUTE_MS), "Asia/Kathmandu"),
            ["10-24T00:15", "10-24T00:45"]
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_two() {
        let hours = cut("2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z", Unit::Hour, "Europe/Berlin");
        assert_eq!(hours, ["10-24T23:00", "10-25T00:00", "10-25T01:00", "10-25T02:00"]);
        let half = cut("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", Unit::Hour, "Asia/Kolkata");
        assert_eq!(half, ["12-31T23:30", "01-01T00:30"]);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        assert_eq!(
            cut("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z", Unit::Week, "UTC"),
            ["12-29T00:00", "01-05T00:00"]
        );
        assert_eq!(cut("2026-01-31T23:30:00Z", "2026-02-02T00:00:00Z", Unit::Month, "Europe/Berlin"), ["01-31T23:00"]);
        assert_eq!(
            cut("2025-12-31T22:30:00Z", "2026-07-01T00:00:00Z", Unit::Quarter, "Europe/Berlin"),
            ["09-30T22:00", "12-31T23:00", "03-31T22:00", "06-30T22:00"]
        );
    }

    #[test]
    fn buckets_before_the_range_end_where_it_begins() {
        let ms = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_millis();
        let berlin = "Europe/Berlin".parse().unwrap();
        let range = Range { from_ms: ms("2026-03-30T10:00:00Z"), to_ms: ms("2026-03-31T10:00:00Z"), interval_ms: 1 };
        let shown = Buckets::cut(range, Unit::Day, berlin).unwrap();
        let read = shown.preceded(2, Unit::Day, berlin).unwrap();
        assert_eq!(read.starts_ms[..2], [ms("2026-03-27T23:00:00Z"), ms("2026-03-28T23:00:00Z")]);
        assert_eq!((&read.starts_ms[2..], read.end_ms), (&shown.starts_ms[..], shown.end_ms));
        assert!(shown.preceded(BUCKETS_MAX, Unit::Day, berlin).is_err());
    }

    #[test]
    fn an_instant_is_found_in_its_bucket() {
        let buckets = Buckets { starts_ms: vec![10, 20, 35], end_ms: 40 };
        let found: Vec<_> = [9, 10, 19, 20, 35, 39, 40].map(|ms| buckets.find(ms)).to_vec();
        assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(2), Some(2), None]);
    }
}
