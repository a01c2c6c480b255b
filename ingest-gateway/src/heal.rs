//! What is derived from events whose insert failed: sessions, and links between visitors.
//!
//! ClickHouse commits the events of an insert before it fills the views that derive from them. An
//! insert that fails between the two, at a full disk for example, leaves events without their
//! sessions or links. Repeating it fills the views, and so does the client that sends the events again;
//! but nobody can rely on a client to do so. So the days of such an insert are noted in a file, and what
//! is derived from them is derived again, by the views' own statements. That is idempotent: sessions and
//! links are minima, maxima and sets.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clickhouse::Client;
use tokio::{sync::Notify, task::JoinHandle};

use crate::replace::replace;

const DAY_MS: i64 = 86_400_000;
const FILE: &str = "sessions-to-derive.json";
/// Deriving a day.
const DERIVE_TIME_MAX: Duration = Duration::from_secs(600);
/// Beyond this memory, a day's sessions are gathered on disk.
const DERIVE_BYTES_MAX: &str = "1000000000";
const TRY_PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// The views, and the tables that they fill.
const VIEWS: [(&str, &str); 4] = [
    ("sessions_of_events", "analytics.sessions"),
    ("links_of_events", "analytics.links"),
    ("links_of_aliases", "analytics.links"),
    ("aliases_of_events", "analytics.aliases"),
];
const VIEW: &str = "SELECT as_select FROM system.tables WHERE database = 'analytics' AND name = {view:String}";
const COLUMNS: &str =
    "SELECT name FROM system.columns WHERE database = 'analytics' AND table = {view:String} ORDER BY position";

/// When days are derived again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After the last failure: ClickHouse may still be at work on an insert whose answer is lost.
    pub calm_time: Duration,
    /// After the first failure, however many follow.
    pub wait_time_max: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { calm_time: Duration::from_secs(60), wait_time_max: Duration::from_secs(600) }
    }
}

/// Takes notes of failed inserts and sees to it that their days are derived again.
pub struct Healer {
    notes: Arc<Notes>,
    task: JoinHandle<()>,
}

/// Notes the days of an insert when it is dropped without [`Watch::settled`].
pub struct Watch<'a> {
    healer: &'a Healer,
    times_ms: Option<Box<dyn Iterator<Item = i64> + Send + 'a>>,
}

struct Notes {
    file: PathBuf,
    /// Each with the number of its last note, for one that comes while the day is derived.
    days: Mutex<(u64, BTreeMap<i64, u64>)>,
    noted: Notify,
}

impl Healer {
    /// Reads the notes of an earlier run, and starts.
    #[must_use]
    pub fn start(folder: &Path, client: Client, pace: Pace) -> Self {
        let notes = Arc::new(Notes::read(folder.join(FILE)));
        Self { task: tokio::spawn(heal(Arc::clone(&notes), client, pace)), notes }
    }

    /// Notes days, as numbers since 1970: some of their events may be without their sessions.
    pub fn note_failed(&self, days: impl IntoIterator<Item = i64>) {
        self.notes.add(days);
    }

    /// An insert of events of these instants begins.
    #[must_use]
    pub fn watch<'a>(&'a self, times_ms: impl Iterator<Item = i64> + Send + 'a) -> Watch<'a> {
        Watch { healer: self, times_ms: Some(Box::new(times_ms)) }
    }

    /// Ends, with the notes written for the next start.
    pub async fn close(self) {
        self.task.abort();
        write(&self.notes).await;
    }
}

impl Watch<'_> {
    /// It is known to have succeeded.
    pub fn settled(mut self) {
        self.times_ms = None;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(times_ms) = self.times_ms.take() {
            self.healer.note_failed(times_ms.map(|ms| ms.div_euclid(DAY_MS)));
        }
    }
}

impl Notes {
    fn read(file: PathBuf) -> Self {
        let days = match fs::read(&file) {
            Ok(text) => serde_json::from_slice::<Vec<i64>>(&text).unwrap_or_else(|error| {
                tracing::error!(file = %file.display(), %error, "the notes of failed inserts cannot be read");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        let days = days.into_iter().map(|day| (day, 0)).collect();
        Self { file, days: Mutex::new((0, days)), noted: Notify::new() }
    }

    fn add(&self, days: impl IntoIterator<Item = i64>) {
        let mut notes = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, noted) = &mut *notes;
        *count += 1;
        noted.extend(days.into_iter().map(|day| (day, *count)));
        self.noted.notify_one();
    }

    fn all(&self) -> BTreeMap<i64, u64> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Unless it was noted once more.
    fn remove(&self, day: i64, note: u64) {
        let noted = &mut self.days.lock().unwrap_or_else(PoisonError::into_inner).1;
        if noted.get(&day) == Some(&note) {
            noted.remove(&day);
        }
    }

    fn write(&self) -> io::Result<()> {
        let days: Vec<i64> = self.all().into_keys().collect();
        if days.is_empty() {
            return match fs::remove_file(&self.file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            };
        }
        replace(&self.file, &serde_json::to_vec(&days)?)
    }
}

async fn write(notes: &Arc<Notes>) {
    let notes = Arc::clone(notes);
    let written = tokio::task::spawn_blocking(move || notes.write()).await;
    if let Ok(Err(error)) = written {
        tracing::error!(%error, "the notes of failed inserts cannot be written");
    }
}

/// Wait for notes → keep them → wait for calm → derive each day again.
async fn heal(notes: Arc<Notes>, client: Client, pace: Pace) {
    let mut pause = pace.calm_time;
    loop {
        if notes.all().is_empty() {
            notes.noted.notified().await;
        }
        write(&notes).await;
        let started = Instant::now();
        while started.elapsed() < pace.wait_time_max
            && tokio::time::timeout(pace.calm_time, notes.noted.notified()).await.is_ok()
        {
            write(&notes).await;
        }
        let mut has_failed = false;
        for (day, note) in notes.all() {
            match derive(&client, day).await {
                Ok(()) => {
                    tracing::info!(day = date(day), "the sessions of a failed insert's day are derived again");
                    notes.remove(day, note);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(day = date(day), error, "sessions could not be derived; tried again later");
                    has_failed = true;
                }
            }
        }
        write(&notes).await;
        pause = if has_failed { (pause * 2).min(TRY_PAUSE_MAX) } else { pace.calm_time };
        if has_failed {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Derives a day's sessions and links from its events; those that are there stay as they are.
///
/// # Errors
/// If ClickHouse refuses, or takes longer than ten minutes.
async fn derive(client: &Client, day: i64) -> anyhow::Result<()> {
    let work = async {
        for (view, table) in VIEWS {
            let of_view = |sql| client.query_raw(sql).param("view", view);
            let select: String = of_view(VIEW).fetch_one().await.with_context(|| format!("no view {view}"))?;
            let columns: Vec<String> = of_view(COLUMNS).fetch_all().await?;
            let insert = client.query_raw(&statement(table, &select, &columns)?);
            let insert = insert.param("from", day * DAY_MS).param("until", (day + 1) * DAY_MS);
            // The same may have been derived before, and been erased since.
            let insert = insert.with_setting("insert_deduplicate", "0");
            insert.with_setting("max_bytes_before_external_group_by", DERIVE_BYTES_MAX).execute().await?;
        }
        Ok(())
    };
    tokio::time::timeout(DERIVE_TIME_MAX, work).await.context("it took too long")?
}

/// The view's statement, of some days; in a cluster of all shards' events.
fn statement(table: &str, view: &str, columns: &[String]) -> anyhow::Result<String> {
    let parts: Vec<&str> = view.split(" FROM analytics.events").collect();
    ensure!(parts.len() == 2, "a view of {table} is not one that the migrations make");
    let rest = parts[1].strip_prefix("_local").unwrap_or(parts[1]);
    let instant = |name: &str| format!("fromUnixTimestamp64Milli({{{name}:Int64}}, 'UTC')");
    Ok(format!(
        "INSERT INTO {table} ({}) {} FROM (SELECT * FROM analytics.events WHERE ts >= {} AND ts < {}){rest}",
        columns.join(", "),
        parts[0],
        instant("from"),
        instant("until"),
    ))
}

fn date(day: i64) -> String {
    let instant = chrono::DateTime::from_timestamp_millis(day.saturating_mul(DAY_MS)).unwrap_or_default();
    instant.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_s_view_reads_all_shards() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let of = |view: &str| {
            statement("analytics.sessions", view, &columns).map(|sql| sql.replace("fromUnixTimestamp64Milli", "at"))
        };
        let expected = "INSERT INTO analytics.sessions (a, b) SELECT a, b FROM (SELECT * FROM analytics.events WHERE \
            ts >= at({from:Int64}, 'UTC') AND ts < at({until:Int64}, 'UTC')) GROUP BY a";
        assert_eq!(of("SELECT a, b FROM analytics.events GROUP BY a").unwrap(), expected);
        assert_eq!(of("SELECT a, b FROM analytics.events_local GROUP BY a").unwrap(), expected);
        of("SELECT a FROM other.events").unwrap_err();
    }

    #[test]
    fn a_day_that_fails_again_while_it_is_derived_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let notes = Notes::read(file.clone());
        notes.add([20_000, 20_001]);
        let before = notes.all();
        notes.add([20_001]);
        before.into_iter().for_each(|(day, note)| notes.remove(day, note));
        notes.write().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "[20001]");
        let again = Notes::read(file.clone());
        again.all().into_iter().for_each(|(day, note)| again.remove(day, note));
        again.write().unwrap();
        assert!(!file.exists());
    }
}
