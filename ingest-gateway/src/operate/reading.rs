//! How the data source reads the projects' events: what the file of projects says, in a table that the data source
//! asks. Nothing of it changes what is stored.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::Tables;
use crate::projects::Reading;

const KNOWN: &str =
    "SELECT project, path_rules, ignore_trailing_slash, session_timeout_min FROM analytics.project_reading FINAL";
const INSERT: &str = "INSERT INTO analytics.project_reading (project, path_rules, ignore_trailing_slash, session_timeout_min) FORMAT JSONEachRow";

/// A row of the table as it is written.
#[derive(Serialize)]
struct Written<'r> {
    project: &'r str,
    #[serde(flatten)]
    reading: &'r Reading,
}

/// The same as it is read.
#[derive(Row, Deserialize)]
struct Known {
    project: String,
    path_rules: Vec<String>,
    ignore_trailing_slash: bool,
    session_timeout_min: u16,
}

/// Writes what is wanted where the table says something else, and the default of projects that are not among those
/// wanted; returns what was written. If nothing is wanted there is no file, and nothing changes.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn keep(tables: &Tables, wanted: &BTreeMap<String, Reading>) -> anyhow::Result<BTreeMap<String, Reading>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let new = differing(&known(tables).await?, wanted);
    if !new.is_empty() {
        let mut rows = Vec::new();
        for (project, reading) in &new {
            serde_json::to_writer(&mut rows, &Written { project, reading })?;
            rows.push(b'\n');
        }
        let mut insert = tables.client.insert_formatted_with(INSERT);
        insert.send(rows.into()).await?;
        insert.end().await?;
    }
    Ok(new)
}

/// What the table says of each project.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn known(tables: &Tables) -> Result<BTreeMap<String, Reading>, clickhouse::error::Error> {
    let rows = tables.client.query_raw(KNOWN).fetch_all::<Known>().await?;
    let each = rows.into_iter().map(|row| {
        let Known { project, path_rules, ignore_trailing_slash, session_timeout_min } = row;
        (project, Reading { path_rules, ignore_trailing_slash, session_timeout_min })
    });
    Ok(each.collect())
}

/// What would have to be written.
#[must_use]
pub fn differing(known: &BTreeMap<String, Reading>, wanted: &BTreeMap<String, Reading>) -> BTreeMap<String, Reading> {
    let default = Reading::default();
    let forgotten = known.keys().filter(|project| !wanted.contains_key(*project)).map(|project| (project, &default));
    let all = wanted.iter().chain(forgotten);
    all.filter(|(project, reading)| known.get(*project).unwrap_or(&default) != *reading)
        .map(|(project, reading)| (project.clone(), reading.clone()))
        .collect()
}

/// For an operator.
#[must_use]
pub fn told(project: &str, reading: &Reading) -> String {
    let Reading { path_rules, ignore_trailing_slash, session_timeout_min } = reading;
    let slash = if *ignore_trailing_slash { "without a trailing slash" } else { "as they are" };
    format!(
        "{project}: paths are read {slash}, by {} rules; visits end after {session_timeout_min} minutes",
        path_rules.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_longer_said_goes_back_to_the_default_once() {
        let reading = |minutes| Reading { session_timeout_min: minutes, ..Reading::default() };
        let map = |all: &[(&str, u16)]| all.iter().map(|(name, min)| ((*name).to_owned(), reading(*min))).collect();
        let known: BTreeMap<String, Reading> = map(&[("a", 60), ("b", 60), ("c", 30), ("d", 45), ("e", 60)]);
        let wanted = map(&[("a", 60), ("b", 90), ("c", 30), ("d", 30), ("new", 40), ("plain", 30)]);
        let new = differing(&known, &wanted);
        assert_eq!(new, map(&[("b", 90), ("d", 30), ("e", 30), ("new", 40)]));
        let known = known.into_iter().chain(new).collect();
        assert_eq!(differing(&known, &wanted), BTreeMap::new());
    }
}
