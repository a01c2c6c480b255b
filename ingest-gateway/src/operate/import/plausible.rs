//! Plausible's CSV export: counts per day, by page, source, country and so on. There are no
//! events in it, so none are made up: the counts go to `analytics.imported_days`.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use serde_json::json;

use super::{
    Options,
    dropped::{Dropped, Tally},
    insert,
    records::{Content, Csv, Record},
    rows::take,
};
use crate::operate::Tables;

/// A file's name begins so; then the dimension, and the column that holds its value.
const FILES: [(&str, &str, &str); 9] = [
    ("imported_visitors", "", ""),
    ("imported_pages", "path", "page"),
    ("imported_entry_pages", "entry_path", "entry_page"),
    ("imported_exit_pages", "exit_path", "exit_page"),
    ("imported_sources", "referrer_source", "source"),
    ("imported_locations", "country", "country"),
    ("imported_devices", "device_type", "device"),
    ("imported_browsers", "browser", "browser"),
    ("imported_operating_systems", "os", "operating_system"),
];

/// Imports one file or all of a folder.
pub async fn import(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    let path = options.path.as_ref().context("--path is missing")?;
    let mut files: Vec<PathBuf> = match path.is_dir() {
        true => {
            std::fs::read_dir(path)?.flatten().map(|entry| entry.path()).filter(|path| kind(path).is_some()).collect()
        }
        false => vec![path.clone()],
    };
    files.sort();
    ensure!(!files.is_empty(), "{} holds no imported_….csv of Plausible", path.display());
    let mut tally = Tally::default();
    for file in files {
        one(options, tables, &file, &mut tally).await?;
    }
    Ok(tally)
}

fn kind(path: &Path) -> Option<(&'static str, &'static str)> {
    let name = path.file_name()?.to_str()?;
    // The longest name that fits: imported_pages must not take imported_pages_….
    let known =
        FILES.iter().filter(|(start, ..)| name.strip_prefix(start).is_some_and(|rest| rest.starts_with(['.', '_'])));
    known.max_by_key(|(start, ..)| start.len()).map(|(_, dimension, column)| (*dimension, *column))
}

async fn one(options: &Options, tables: &Tables, file: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let (dimension, column) =
        kind(file).with_context(|| format!("{} is no file of Plausible's export", file.display()))?;
    let mut lines = Csv::open(File::open(file).with_context(|| format!("cannot read {}", file.display()))?)?;
    // A day's value can stand in several lines (versions of a browser); they are one here.
    let mut days: BTreeMap<(String, String), [u64; 5]> = BTreeMap::new();
    while let Some(Record { place, content }) = lines.next()? {
        tally.read += 1;
        let mut record = match content {
            Content::Unreadable(dropped) => {
                tally.drop(place, &dropped);
                continue;
            }
            Content::Record(record) => record,
            Content::Line(_) | Content::Row(_) => bail!("a line of CSV has columns: this is a defect"),
        };
        let date = take(&mut record, "date");
        if chrono::NaiveDate::parse_from_str(&date, "%Y-%m-%d").is_err() {
            tally.drop(place, &Dropped::InvalidDate(date));
            continue;
        }
        let value = if column.is_empty() { String::new() } else { take(&mut record, column) };
        let mut count =
            |names: &[&str]| names.iter().find_map(|name| take(&mut record, name).parse::<u64>().ok()).unwrap_or(0);
        let counts = [
            count(&["visitors"]),
            count(&["visits", "entrances", "exits"]),
            count(&["pageviews"]),
            count(&["bounces"]),
            count(&["visit_duration"]),
        ];
        let day = days.entry((date, value)).or_default();
        day.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        tally.stored += 1;
    }
    let mut body = Vec::new();
    for ((date, value), [visitors, visits, page_views, bounces, visit_duration_s]) in days {
        let row = json!({
            "project": options.project, "source": "plausible", "dimension": dimension, "value": value, "date": date,
            "visitors": visitors, "visits": visits, "page_views": page_views, "bounces": bounces, "visit_duration_s": visit_duration_s,
        });
        serde_json::to_writer(&mut body, &row)?;
        body.push(b'\n');
    }
    if body.is_empty() {
        return Ok(());
    }
    insert(tables, "INSERT INTO analytics.imported_days FORMAT JSONEachRow", body.into()).await
}
