//! The clocks of a time zone: midnights, and the same time of day on another day.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// The same time of day, `days` earlier, in the time zone.
#[must_use]
pub fn days_earlier(ms: i64, days: u64, zone: Tz) -> i64 {
    let local = instant(ms).with_timezone(&zone).naive_local();
    local.checked_sub_days(Days::new(days)).map_or(ms, |earlier| first(earlier, zone))
}

/// The first instant of a day, in the time zone.
#[must_use]
pub fn midnight(date: NaiveDate, zone: Tz) -> i64 {
    first(NaiveDateTime::new(date, NaiveTime::MIN), zone)
}

/// The first instant at which clocks show this; where they jump over it, the instant after. Over the date
/// line a zone jumps over a whole day: Samoa had no 30 December 2011.
fn first(mut local: NaiveDateTime, zone: Tz) -> i64 {
    for _ in 0..=2 * 24 {
        if let Some(found) = zone.from_local_datetime(&local).earliest() {
            return found.timestamp_millis();
        }
        local += chrono::Duration::minutes(30);
    }
    local.and_utc().timestamp_millis()
}

/// An instant, by UTC.
#[must_use]
pub fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_earlier_is_the_same_time_of_day() {
        let ms = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_millis();
        let berlin = "Europe/Berlin".parse().unwrap();
        // Midnight after and before the change to daylight saving time on 29 March 2026.
        assert_eq!(days_earlier(ms("2026-04-01T22:00:00Z"), 7, berlin), ms("2026-03-25T23:00:00Z"));
        // 02:30 was jumped over on that day.
        assert_eq!(days_earlier(ms("2026-04-05T00:30:00Z"), 7, berlin), ms("2026-03-29T01:00:00Z"));
    }
}
