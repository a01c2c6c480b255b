//! ClickHouse's answer to a person's statement as a frame.

use serde_json::Value;

use super::columns::column;
use crate::{error::QueryError, frame::Frame};

/// A row a line, after a line of names and a line of types. More than `rows_max` rows are cut, with a notice.
///
/// # Errors
/// If a line cannot be read.
pub fn frame(lines: &[String], rows_max: usize) -> Result<Frame, QueryError> {
    let broken = |e: serde_json::Error| QueryError::ClickHouse(format!("its answer cannot be read: {e}"));
    let mut lines = lines.iter().map(|line| serde_json::from_str::<Vec<Value>>(line).map_err(broken));
    let names = lines.next().transpose()?.unwrap_or_default();
    let types = lines.next().transpose()?.unwrap_or_default();
    let mut rows: Vec<Vec<Value>> = lines.collect::<Result<_, _>>()?;
    let is_cut = rows.len() > rows_max;
    rows.truncate(rows_max);
    let mut frame = Frame::new("sql");
    if is_cut {
        frame = frame.with_warning("The result is cut at the data source's row limit: add a LIMIT, or group.");
    }
    for (at, (name, kind)) in names.iter().zip(&types).enumerate() {
        let cells = || rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
        frame.push(column(name.as_str().unwrap_or(""), kind.as_str().unwrap_or(""), cells));
    }
    Ok(frame)
}
