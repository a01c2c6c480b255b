//! The columns of an answer: instants, numbers, and everything else as a string.

use serde_json::Value;

use crate::frame::Column;

/// A column by its ClickHouse type.
pub fn column<'r, I: Iterator<Item = &'r Value>>(name: &str, kind: &str, cells: impl Fn() -> I) -> Column {
    let mut kind = kind;
    while let Some(inner) =
        ["Nullable(", "LowCardinality("].iter().find_map(|outer| kind.strip_prefix(outer)?.strip_suffix(')'))
    {
        kind = inner;
    }
    if kind.starts_with("Date") {
        let instants: Option<Vec<Option<i64>>> =
            cells().map(|cell| if cell.is_null() { Some(None) } else { instant_ms(cell).map(Some) }).collect();
        // Grafana wants no nulls among the instants; such a column is shown as a string.
        if let Some(instants) = instants.filter(|all| all.iter().all(Option::is_some)) {
            return Column::time(name, instants);
        }
    }
    let is_number = ["Int", "UInt", "Float", "Decimal", "BFloat"].iter().any(|start| kind.starts_with(start));
    if is_number {
        return Column::number(name, cells().map(number).collect());
    }
    let string = |cell: &Value| match cell {
        Value::Null => None,
        Value::String(string) => Some(string.clone()),
        other => Some(other.to_string()),
    };
    Column::string(name, cells().map(string).collect())
}

/// Numbers of 64 bits come as strings.
fn number(cell: &Value) -> Option<f64> {
    cell.as_f64().or_else(|| cell.as_str()?.parse().ok())
}

/// A date is its midnight by UTC. An instant comes in ISO 8601 by UTC, whatever zone its column has: a time of
/// a zone's clock would be two instants in the hour that comes twice.
fn instant_ms(cell: &Value) -> Option<i64> {
    let text = cell.as_str()?;
    if let Ok(date) = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
    }
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_millis())
}
