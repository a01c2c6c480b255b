//! The file: a table for each lane, from number to record. The library checks what it left unfinished; each record has a
//! checksum besides, so that what a disk has damaged is neither stored nor in the way of the others.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use bytes::Bytes;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition, backends::FileBackend};
use siphasher::sip::SipHasher13;

use super::{Lane, NONE_MS, Numbered, Record, Shared};

/// The library's own.
const PAGE_BYTES: u64 = 4_096;
/// What the file keeps in memory.
const CACHE_BYTES: usize = 32 << 20;

/// When it came, events, months, the checksum of the events, and the events themselves.
type Entry = (i64, u64, Vec<i32>, u64, &'static [u8]);
const TABLES: [TableDefinition<'static, u64, Entry>; 2] =
    [TableDefinition::new("live_records"), TableDefinition::new("backfill_records")];
const CHECKSUM_KEY: [u8; 16] = *b"footfall.journal";

pub type Error = Box<redb::Error>;

/// The open file for those that read; none after an error, until the writer has opened it again.
#[derive(Default)]
pub struct Databases(Mutex<Option<Arc<Database>>>);

/// The open file for the one that writes.
pub struct Store {
    file: PathBuf,
    shared: Arc<Shared>,
    /// The next number of each lane.
    next: [u64; 2],
}

impl Databases {
    /// Whether there is one.
    pub fn is_open(&self) -> bool {
        self.get().is_some()
    }

    /// The oldest records of a lane, at least one if there is any, and no more than `take` says yes to. Of one that is
    /// damaged nothing is left but its number; `damaged` is given the rest.
    pub fn oldest(
        &self,
        lane: Lane,
        mut take: impl FnMut(&Record) -> bool,
        damaged: impl Fn(u64, usize, &[u8]),
    ) -> Result<Vec<Numbered>, Error> {
        let database = self.get().ok_or_else(|| Box::new(redb::Error::DatabaseClosed))?;
        let mut read = || -> Result<Vec<Numbered>, redb::Error> {
            let table = database.begin_read()?.open_table(TABLES[lane as usize])?;
            let mut records = Vec::new();
            for entry in table.iter()? {
                let (number, entry) = entry?;
                let (_, events, months, sum, bytes) = entry.value();
                let events = usize::try_from(events).unwrap_or(usize::MAX);
                let record = if sum == checksum(bytes) {
                    Record { lane, events, months, bytes: Bytes::copy_from_slice(bytes) }
                } else {
                    damaged(number.value(), events, bytes);
                    Record { lane, events: 0, months: Vec::new(), bytes: Bytes::new() }
                };
                if !take(&record) && !records.is_empty() {
                    break;
                }
                records.push((number.value(), record));
            }
            Ok(records)
        };
        read().map_err(Box::new)
    }

    fn get(&self) -> Option<Arc<Database>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, database: Option<Arc<Database>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = database;
    }
}

impl Store {
    /// Opens the file, and counts what is in it.
    pub fn open(file: &Path, shared: Arc<Shared>) -> Result<Self, Error> {
        let mut store = Self { file: file.to_owned(), shared, next: [0; 2] };
        store.reopen().map_err(Box::new)?;
        Ok(store)
    }

    /// Adds and removes records. Those that are added are on disk then; a removal reaches it with the next
    /// record that is added, and costs no sync of its own.
    pub fn commit(&mut self, added: &[Record], removed: &[(Lane, u64)]) -> Result<(), Error> {
        if self.shared.databases.get().is_none() {
            self.reopen().map_err(Box::new)?;
        }
        let done = self.write(added, removed);
        if done.is_err() {
            // The library refuses a file that has failed once: it is opened anew at the next commit.
            self.shared.databases.set(None);
        }
        let removed_bytes = done.map_err(Box::new)?;
        let added_bytes: u64 = added.iter().map(|record| record.bytes.len() as u64).sum();
        // The writer alone changes it.
        let bytes = self.shared.bytes.load(Ordering::Relaxed) + added_bytes - removed_bytes;
        self.shared.bytes.store(bytes, Ordering::Release);
        for lane in added.iter().map(|record| record.lane) {
            self.shared.appended[lane as usize].notify_waiters();
        }
        let added_events: usize = added.iter().map(|record| record.events).sum();
        self.shared.metrics.journal_events.inc_by(i64::try_from(added_events).unwrap_or(i64::MAX));
        self.observe();
        Ok(())
    }

    /// Returns the bytes of removed records.
    fn write(&mut self, added: &[Record], removed: &[(Lane, u64)]) -> Result<u64, redb::Error> {
        let Some(database) = self.shared.databases.get() else { return Err(redb::Error::DatabaseClosed) };
        let mut transaction = database.begin_write()?;
        let is_end = added.is_empty() && removed.is_empty();
        if added.is_empty() && !is_end {
            transaction.set_durability(Durability::None).map_err(redb::Error::from)?;
        }
        let now_ms = chrono::Utc::now().timestamp_millis();
        let mut next = self.next;
        let (mut removed_bytes, mut removed_events) = (0, 0);
        let mut oldest_ms = [NONE_MS; 2];
        for lane in Lane::ALL {
            let mut table = transaction.open_table(TABLES[lane as usize])?;
            for record in added.iter().filter(|record| record.lane == lane) {
                let number = &mut next[lane as usize];
                let (events, sum) = (record.events as u64, checksum(&record.bytes));
                table.insert(*number, (now_ms, events, record.months.clone(), sum, &record.bytes[..]))?;
                *number += 1;
            }
            for (_, through) in removed.iter().filter(|(of, _)| *of == lane) {
                table.retain_in(..=*through, |_, (_, events, _, _, bytes)| {
                    removed_bytes += bytes.len() as u64;
                    removed_events += events;
                    false
                })?;
            }
            oldest_ms[lane as usize] = first_ms(&table)?;
        }
        transaction.commit()?;
        self.next = next;
        self.shared.metrics.journal_events.dec_by(i64::try_from(removed_events).unwrap_or(i64::MAX));
        for (shared, ms) in self.shared.oldest_ms.iter().zip(oldest_ms) {
            shared.store(ms, Ordering::Release);
        }
        Ok(removed_bytes)
    }

    /// Opens the file again if an error has closed it; otherwise it would stay closed until somebody sends events.
    pub fn recover(&mut self) -> Result<(), Error> {
        match self.shared.databases.is_open() {
            true => Ok(()),
            false => self.reopen().map_err(Box::new),
        }
    }

    /// Gives the file up, until it is opened again.
    pub fn abandon(&mut self) {
        self.shared.databases.set(None);
    }

    fn reopen(&mut self) -> Result<(), redb::Error> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.file)?;
        drop_partial_page(&file)?;
        let mut database =
            Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?;
        let (mut bytes, mut events) = (0, 0);
        let transaction = database.begin_write()?;
        for lane in Lane::ALL {
            let table = transaction.open_table(TABLES[lane as usize])?;
            for entry in table.iter()? {
                let (number, entry) = entry?;
                let (_, of, _, _, rows) = entry.value();
                self.next[lane as usize] = self.next[lane as usize].max(number.value() + 1);
                bytes += rows.len() as u64;
                events += of;
            }
            self.shared.oldest_ms[lane as usize].store(first_ms(&table)?, Ordering::Release);
        }
        transaction.commit()?;
        if events == 0 {
            // The file gives back what an earlier backlog took.
            database.compact().map_err(redb::Error::from)?;
        } else {
            tracing::info!(events, bytes, "the journal has events that the sink does not have yet");
        }
        self.shared.bytes.store(bytes, Ordering::Relaxed);
        self.shared.metrics.journal_events.set(i64::try_from(events).unwrap_or(i64::MAX));
        self.observe();
        self.shared.databases.set(Some(Arc::new(database)));
        Ok(())
    }

    fn observe(&self) {
        let bytes = self.shared.bytes.load(Ordering::Relaxed);
        self.shared.metrics.journal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// The library writes whole pages: what is less, at the end, no commit has written.
fn drop_partial_page(file: &File) -> std::io::Result<()> {
    let bytes = file.metadata()?.len();
    let rest = bytes % PAGE_BYTES;
    if rest == 0 {
        return Ok(());
    }
    tracing::warn!(bytes, rest, "the journal's file ends within a page, which is cut off");
    file.set_len(bytes - rest)
}

fn checksum(bytes: &[u8]) -> u64 {
    SipHasher13::new_with_key(&CHECKSUM_KEY).hash(bytes)
}

fn first_ms(table: &Table<'_, u64, Entry>) -> Result<i64, redb::Error> {
    Ok(table.first()?.map_or(NONE_MS, |(_, entry)| entry.value().0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Journal, JournalError, Limits};
    use super::*;
    use crate::metrics::Metrics;

    const LIMITS: Limits = Limits { bytes_max: 1_000, age_max: Duration::from_secs(60) };

    struct Case(tempfile::TempDir);

    impl Case {
        fn open(&self, limits: Limits) -> Journal {
            Journal::open(self.0.path(), limits, Arc::new(Metrics::default())).unwrap()
        }
    }

    fn record(lane: Lane, text: &str) -> Record {
        Record { lane, events: 1, months: vec![1], bytes: Bytes::copy_from_slice(text.as_bytes()) }
    }

    async fn texts(journal: &Journal, lane: Lane) -> Vec<String> {
        let records = journal.oldest(lane, |_| true).await.unwrap();
        records.into_iter().map(|(_, record)| String::from_utf8(record.bytes.to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn records_come_back_in_their_order_until_they_are_removed() {
        let case = Case(tempfile::tempdir().unwrap());
        let journal = case.open(LIMITS);
        for text in ["a", "b", "c"] {
            journal
                .append(vec![record(Lane::Live, text), record(Lane::Backfill, &format!("old {text}"))])
                .await
                .unwrap();
        }
        assert_eq!(texts(&journal, Lane::Live).await, ["a", "b", "c"]);
        let one = journal.oldest(Lane::Live, |_| false).await.unwrap();
        assert_eq!(one.len(), 1, "at least one is read, or a large one would stay for ever");
        journal.remove(Lane::Live, one[0].0).await.unwrap();
        assert_eq!(texts(&journal, Lane::Live).await, ["b", "c"]);
        journal.close().await;
        // A removal is written with what is added after it, or at the end.
        let journal = case.open(LIMITS);
        assert_eq!(texts(&journal, Lane::Live).await, ["b", "c"]);
        journal.append(vec![record(Lane::Live, "d")]).await.unwrap();
        assert_eq!(texts(&journal, Lane::Live).await, ["b", "c", "d"]);
        assert_eq!(texts(&journal, Lane::Backfill).await, ["old a", "old b", "old c"]);
        assert!(!journal.is_empty(Lane::Live));
    }

    #[tokio::test]
    async fn it_holds_no_more_than_it_may_and_what_is_removed_makes_room() {
        let case = Case(tempfile::tempdir().unwrap());
        let journal = case.open(LIMITS);
        journal.append(vec![record(Lane::Live, &"x".repeat(600))]).await.unwrap();
        let refused = journal.append(vec![record(Lane::Backfill, &"y".repeat(401))]).await;
        assert_eq!(refused, Err(JournalError::Full { bytes: 600, bytes_max: 1_000 }));
        journal.append(vec![record(Lane::Backfill, &"y".repeat(400))]).await.unwrap();
        assert!(matches!(journal.check(), Err(JournalError::Full { .. })));
        let (number, _) = journal.oldest(Lane::Live, |_| true).await.unwrap()[0];
        journal.remove(Lane::Live, number).await.unwrap();
        journal.append(vec![record(Lane::Live, &"z".repeat(600))]).await.unwrap();
        journal.close().await;
        let journal = case.open(LIMITS);
        assert!(matches!(journal.check(), Err(JournalError::Full { bytes: 1_000, .. })), "it counts at the start");
    }

    #[tokio::test]
    async fn nothing_is_taken_while_the_oldest_waits_for_too_long() {
        let case = Case(tempfile::tempdir().unwrap());
        let journal = case.open(Limits { age_max: Duration::from_millis(20), ..LIMITS });
        journal.append(vec![record(Lane::Live, "a")]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(matches!(journal.append(vec![record(Lane::Live, "b")]).await, Err(JournalError::TooOld { .. })));
        let (number, _) = journal.oldest(Lane::Live, |_| true).await.unwrap()[0];
        journal.remove(Lane::Live, number).await.unwrap();
        journal.append(vec![record(Lane::Live, "b")]).await.unwrap();
    }

    /// What a power cut leaves: the file as it was after any commit, and something unfinished behind it.
    #[tokio::test]
    async fn a_file_with_an_unfinished_end_has_all_that_was_durable() {
        let case = Case(tempfile::tempdir().unwrap());
        let journal = case.open(Limits { bytes_max: 1 << 20, ..LIMITS });
        for n in 0..20 {
            journal.append(vec![record(Lane::Live, &format!("{n:0>500}"))]).await.unwrap();
        }
        // Half of the next record: the file has grown, and its head does not point there yet.
        let mut image = std::fs::read(case.0.path().join("journal.redb")).unwrap();
        let unused = image.len() - 4_096;
        image[unused..].fill(0xa5);
        let other = Case(tempfile::tempdir().unwrap());
        std::fs::write(other.0.path().join("journal.redb"), image).unwrap();
        let journal = other.open(Limits { bytes_max: 1 << 20, ..LIMITS });
        assert_eq!(texts(&journal, Lane::Live).await.len(), 20);
        journal.append(vec![record(Lane::Live, "after")]).await.unwrap();
        assert_eq!(texts(&journal, Lane::Live).await.last().unwrap(), "after");
    }
}
