//! Reading and writing instants, in whole milliseconds since 1970-01-01 UTC.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use serde_json::{Value, value::RawValue};

use crate::json::Json;

/// Events before this instant are refused: 2000-01-01T00:00:00Z, in milliseconds.
pub const TIMESTAMP_MS_MIN: i64 = 946_684_800_000;
/// Events may lie so far after their arrival; a client's clock may be a day wrong.
pub const FUTURE_MS_MAX: i64 = 86_400_000;
const DAY_MS: i64 = 86_400_000;
/// From this number on, an epoch number is read as milliseconds; below, as seconds.
const EPOCH_MS_FROM: f64 = 1e11;

/// Reads a timestamp: RFC 3339, the article's form without a zone (read as UTC), a
/// plain date, or an epoch number in seconds or milliseconds. `None` if it is none.
#[must_use]
pub fn parse_ms(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => parse_text_ms(text.trim()),
        Value::Number(number) => epoch_ms(number.as_f64()?),
        _ => None,
    }
}

/// As [`parse_ms`], of a value that is still text.
#[must_use]
pub fn parse_json_ms(json: &RawValue) -> Option<i64> {
    json_ms(Json::new(json))
}

pub(crate) fn json_ms(json: Json<'_>) -> Option<i64> {
    match json.string() {
        Some(text) => parse_text_ms(text.ok()?.trim()),
        None => epoch_ms(json.number()?),
    }
}

/// Writes an instant as RFC 3339 in UTC with milliseconds: `2024-04-17T04:04:12.000Z`.
#[must_use]
pub fn rfc3339(ms: i64) -> Written {
    Written::new(ms, b'T', 24)
}

/// As [`rfc3339`], into a text of its own.
#[must_use]
pub fn to_rfc3339(ms: i64) -> String {
    rfc3339(ms).as_str().to_owned()
}

/// Writes an instant as ClickHouse reads a `DateTime64(3, 'UTC')`.
#[must_use]
pub fn to_clickhouse(ms: i64) -> Written {
    Written::new(ms, b' ', 23)
}

/// A written instant, in place: two of them are in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    digits: [u8; 24],
    length: usize,
}

impl Written {
    /// `YYYY-MM-DD?HH:MM:SS.mmmZ`; by hand, since chrono's format strings took a tenth of a row's
    /// time.
    fn new(ms: i64, separator: u8, length: usize) -> Self {
        let (days, day_ms) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
        let (year, month, day) = date(days).unwrap_or_else(|| {
            let date = DateTime::from_timestamp_millis(ms).unwrap_or_default();
            (date.year().unsigned_abs(), date.month(), date.day())
        });
        // Of a day, so that it fits.
        let part = |unit_ms: i64, modulus: i64| u32::try_from(day_ms / unit_ms % modulus).unwrap_or(0);
        let mut digits = *b"0000-00-00 00:00:00.000Z";
        digits[10] = separator;
        let mut put = |at: usize, width: usize, mut value: u32| {
            for place in digits[at..at + width].iter_mut().rev() {
                // One decimal digit.
                *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
                value /= 10;
            }
        };
        put(0, 4, year);
        put(5, 2, month);
        put(8, 2, day);
        put(11, 2, part(3_600_000, 24));
        put(14, 2, part(60_000, 60));
        put(17, 2, part(1_000, 60));
        put(20, 3, part(1, 1_000));
        Self { digits, length }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and signs alone.
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or_default()
    }
}

impl serde::Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Year, month and day, from 1970 to 9999: that is a third of the time that chrono takes.
///
/// Rule's source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn date(days_since_1970: i64) -> Option<(u32, u32, u32)> {
    const DAYS_MAX: u32 = 2_932_896;
    // Since 0000-03-01, so that a leap day is the last of its year.
    let days = u32::try_from(days_since_1970).ok().filter(|days| *days <= DAYS_MAX)? + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    Some((era * 400 + year_of_era + u32::from(month <= 2), month, day))
}

/// As [`parse_ms`], of a string's inside.
#[must_use]
pub fn parse_text_ms(text: &str) -> Option<i64> {
    if let Some(ms) = as_written(text) {
        return Some(ms);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_millis());
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, form) {
            return Some(local.and_utc().timestamp_millis());
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
    }
    epoch_ms(text.parse::<f64>().ok()?)
}

/// The form that we write ourselves, which is that of nearly all; `None` if it is another one.
fn as_written(text: &str) -> Option<i64> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let form = *b"0000-00-00T00:00:00.000Z";
    let fits = bytes.iter().zip(form).all(|(byte, of)| if of == b'0' { byte.is_ascii_digit() } else { *byte == of });
    if !fits {
        return None;
    }
    let number = |at: usize, width: usize| bytes[at..at + width].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let date = NaiveDate::from_ymd_opt(number(0, 4).cast_signed(), number(5, 2), number(8, 2))?;
    let instant = date.and_hms_milli_opt(number(11, 2), number(14, 2), number(17, 2), number(20, 3))?;
    Some(instant.and_utc().timestamp_millis())
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before the cast")]
fn epoch_ms(number: f64) -> Option<i64> {
    let ms = if number.abs() >= EPOCH_MS_FROM { number } else { number * 1000.0 };
    (ms.is_finite() && ms.abs() < 1e15).then(|| ms.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    #[test]
    fn every_documented_form_is_read() {
        let noon = 1_713_326_652_000;
        for value in [
            json!("2024-04-17T04:04:12"),
            json!("2024-04-17T04:04:12Z"),
            json!("2024-04-17T06:04:12+02:00"),
            json!("2024-04-17 04:04:12.000"),
            json!(1_713_326_652),
            json!(1_713_326_652_000_i64),
            json!("1713326652000"),
        ] {
            assert_eq!(parse_ms(&value), Some(noon), "{value}");
            assert_eq!(parse_json_ms(&raw(&value)), Some(noon), "{value}");
        }
        assert_eq!(to_rfc3339(noon), "2024-04-17T04:04:12.000Z");
        assert_eq!(to_clickhouse(noon).as_str(), "2024-04-17 04:04:12.000");
    }

    #[test]
    fn writing_by_hand_is_what_chrono_writes() {
        for ms in (0..4_102_444_800_000).step_by(98_765_432_101) {
            let chrono = DateTime::from_timestamp_millis(ms).unwrap();
            assert_eq!(to_clickhouse(ms).as_str(), chrono.format("%Y-%m-%d %H:%M:%S%.3f").to_string());
            assert_eq!(to_rfc3339(ms), chrono.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
            assert_eq!(as_written(&to_rfc3339(ms)), Some(ms));
        }
    }

    #[test]
    fn every_day_is_written_as_chrono_writes_it() {
        for days in -1_000..2_933_000 {
            let ms = days * DAY_MS + 123_456;
            let chrono = DateTime::from_timestamp_millis(ms).unwrap();
            let (year, month, day) = (chrono.year().unsigned_abs() % 10_000, chrono.month(), chrono.day());
            assert_eq!(to_clickhouse(ms).as_str(), format!("{year:04}-{month:02}-{day:02} 00:02:03.456"), "{days}");
        }
    }

    #[test]
    fn nonsense_is_none_and_never_a_panic() {
        for value in [json!("yesterday"), json!(""), json!(1e300), json!(true), json!("NaN"), json!("2024-13-01")] {
            assert_eq!(parse_ms(&value), None, "{value}");
            assert_eq!(parse_json_ms(&raw(&value)), None, "{value}");
        }
    }
}
