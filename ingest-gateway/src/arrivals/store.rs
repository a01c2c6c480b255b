//! The file: two generations of events. When the younger one is a day old, or holds half of all
//! that may be kept, the older one is deleted and the next begins.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction, backends::FileBackend};

use super::{Asked, First, Given};
use crate::metrics::Metrics;

/// A generation is the younger one for so long.
const GENERATION_MS: i64 = 24 * 3_600_000;
/// What the file keeps in memory.
const CACHE_BYTES: usize = 32 << 20;
/// Events that are known to be stored and not yet marked so in the file.
const UNMARKED_MAX: usize = 50_000;

/// Time, visitor, and whether it is stored.
type Entry = (i64, u64, bool);
const GENERATIONS: [TableDefinition<'static, u128, Entry>; 2] =
    [TableDefinition::new("generation_0"), TableDefinition::new("generation_1")];
const STATE: TableDefinition<'static, &str, i64> = TableDefinition::new("state");
const CURRENT: &str = "current";
const STARTED_MS: &str = "started_ms";

pub type Error = Box<redb::Error>;

/// The open file.
pub struct Store {
    file: PathBuf,
    /// None after an error, until it is opened again.
    database: Option<Database>,
    current: usize,
    started_ms: i64,
    events_max: u64,
    counts: [u64; 2],
    stored: HashSet<u128>,
    metrics: Arc<Metrics>,
}

impl Store {
    pub fn open(file: &Path, events_max: u64, now_ms: i64, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let mut store = Self {
            file: file.to_owned(),
            database: None,
            current: 0,
            started_ms: now_ms,
            events_max,
            counts: [0; 2],
            stored: HashSet::new(),
            metrics,
        };
        store.reopen(now_ms).map_err(Box::new)?;
        Ok(store)
    }

    /// What the first arrivals decided, list by list; those to be kept are on disk then.
    pub fn first(&mut self, lists: &[&[Asked]], now_ms: i64) -> Result<Vec<Vec<First>>, Error> {
        self.guarded(now_ms, |store, database| {
            store.rotate(database, now_ms)?;
            if lists.is_empty() && store.stored.len() < UNMARKED_MAX {
                return Ok(Vec::new());
            }
            store.ask(database, lists)
        })
    }

    /// These are stored; the file learns it with the next write.
    pub fn mark_stored(&mut self, keys: Vec<u128>) {
        self.stored.extend(keys);
    }

    /// Writes what is only in memory.
    pub fn flush(&mut self) -> Result<(), Error> {
        let started_ms = self.started_ms;
        self.guarded(started_ms, |store, database| {
            let transaction = database.begin_write()?;
            store.write_marks(&transaction)?;
            transaction.commit()?;
            store.stored.clear();
            Ok(())
        })
    }

    /// After an error the file is opened anew: the library refuses a file that has failed once.
    fn guarded<T>(
        &mut self,
        now_ms: i64,
        work: impl FnOnce(&mut Self, &Database) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        if self.database.is_none() {
            self.reopen(now_ms).map_err(Box::new)?;
        }
        let Some(database) = self.database.take() else { return Err(Box::new(redb::Error::DatabaseClosed)) };
        let done = work(self, &database).map_err(Box::new)?;
        self.database = Some(database);
        Ok(done)
    }

    fn reopen(&mut self, now_ms: i64) -> Result<(), redb::Error> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.file)?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?;
        let transaction = database.begin_write()?;
        {
            let state = transaction.open_table(STATE)?;
            let read = |name, otherwise| -> Result<i64, redb::Error> {
                Ok(state.get(name)?.map_or(otherwise, |value| value.value()))
            };
            self.current = usize::from(read(CURRENT, 0)? != 0);
            self.started_ms = read(STARTED_MS, now_ms)?;
        }
        write_state(&transaction, self.current, self.started_ms)?;
        for (count, generation) in self.counts.iter_mut().zip(GENERATIONS) {
            *count = transaction.open_table(generation)?.len()?;
        }
        transaction.commit()?;
        self.database = Some(database);
        Ok(())
    }

    /// The younger generation becomes the older one, whose place it takes.
    fn rotate(&mut self, database: &Database, now_ms: i64) -> Result<(), redb::Error> {
        let age_ms = now_ms.saturating_sub(self.started_ms);
        let is_old = age_ms >= GENERATION_MS;
        // A clock that was set back must not keep events for ever.
        let is_from_the_future = age_ms < -GENERATION_MS;
        if !is_old && !is_from_the_future && self.counts[self.current] < self.events_max.div_ceil(2) {
            return Ok(());
        }
        let next = 1 - self.current;
        let transaction = database.begin_write()?;
        self.write_marks(&transaction)?;
        transaction.delete_table(GENERATIONS[next])?;
        if age_ms >= 2 * GENERATION_MS {
            transaction.delete_table(GENERATIONS[self.current])?;
            transaction.open_table(GENERATIONS[self.current])?;
        }
        transaction.open_table(GENERATIONS[next])?;
        write_state(&transaction, next, now_ms)?;
        transaction.commit()?;
        if !is_old {
            self.metrics.arrivals_forgotten_early.inc_by(self.counts[next]);
        }
        if age_ms >= 2 * GENERATION_MS {
            self.counts[self.current] = 0;
        }
        self.counts[next] = 0;
        (self.current, self.started_ms) = (next, now_ms);
        self.stored.clear();
        self.count();
        Ok(())
    }

    fn ask(&mut self, database: &Database, lists: &[&[Asked]]) -> Result<Vec<Vec<First>>, redb::Error> {
        let transaction = database.begin_write()?;
        let (mut added, mut known) = (0, 0);
        let answers = {
            let mut current = transaction.open_table(GENERATIONS[self.current])?;
            let older = transaction.open_table(GENERATIONS[1 - self.current])?;
            let mut ask = |asked: &Asked| -> Result<First, redb::Error> {
                let found = match current.get(asked.key)?.map(|entry| entry.value()) {
                    Some(entry) => Some(entry),
                    None => older.get(asked.key)?.map(|entry| entry.value()),
                };
                if let Some((timestamp_ms, visitor, is_stored)) = found {
                    known += 1;
                    let is_stored = is_stored || self.stored.contains(&asked.key);
                    return Ok(First { given: Given { timestamp_ms, visitor }, is_stored });
                }
                if asked.is_kept {
                    added += 1;
                    current.insert(asked.key, (asked.given.timestamp_ms, asked.given.visitor, false))?;
                }
                Ok(First { given: asked.given, is_stored: false })
            };
            lists
                .iter()
                .map(|list| list.iter().map(&mut ask).collect::<Result<Vec<_>, _>>())
                .collect::<Result<Vec<_>, _>>()?
        };
        if added > 0 || self.stored.len() >= UNMARKED_MAX {
            self.write_marks(&transaction)?;
            transaction.commit()?;
            self.stored.clear();
        } else {
            transaction.abort()?;
        }
        self.counts[self.current] += added;
        self.metrics.arrivals_known.inc_by(known);
        self.count();
        Ok(answers)
    }

    fn write_marks(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        for generation in GENERATIONS {
            let mut table = transaction.open_table(generation)?;
            for key in &self.stored {
                let entry = table.get(*key)?.map(|entry| entry.value());
                if let Some((timestamp_ms, visitor, false)) = entry {
                    table.insert(*key, (timestamp_ms, visitor, true))?;
                }
            }
        }
        Ok(())
    }

    fn count(&self) {
        self.metrics.arrivals_remembered.set(i64::try_from(self.counts.iter().sum::<u64>()).unwrap_or(i64::MAX));
    }
}

fn write_state(transaction: &WriteTransaction, current: usize, started_ms: i64) -> Result<(), redb::Error> {
    let mut state = transaction.open_table(STATE)?;
    state.insert(CURRENT, i64::from(current != 0))?;
    state.insert(STARTED_MS, started_ms)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn asked(key: u128, visitor: u64) -> Asked {
        Asked { key, given: Given { timestamp_ms: 7, visitor }, is_kept: true }
    }

    struct Case {
        folder: tempfile::TempDir,
        metrics: Arc<Metrics>,
    }

    impl Case {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), metrics: Arc::default() }
        }

        fn open(&self, events_max: u64, now_ms: i64) -> Store {
            Store::open(&self.folder.path().join("a.redb"), events_max, now_ms, Arc::clone(&self.metrics)).unwrap()
        }
    }

    /// The visitor that is known of a key, and whether it is stored; nothing is kept by asking.
    fn look(store: &mut Store, key: u128, now_ms: i64) -> (u64, bool) {
        let asked = Asked { is_kept: false, ..asked(key, 0) };
        let first = store.first(&[&[asked]], now_ms).unwrap()[0][0];
        (first.given.visitor, first.is_stored)
    }

    #[test]
    fn the_first_arrival_counts_for_a_day_and_no_longer_than_two() {
        let case = Case::new();
        let mut store = case.open(1_000, 0);
        let first = store.first(&[&[asked(1, 11), asked(1, 12)], &[asked(2, 21)]], 0).unwrap();
        assert_eq!(first[0][0], First { given: Given { timestamp_ms: 7, visitor: 11 }, is_stored: false });
        assert_eq!((first[0][1].given.visitor, first[1][0].given.visitor), (11, 21));
        store.first(&[&[asked(3, 31)]], 24 * HOUR_MS - 1).unwrap();
        for now_ms in [24 * HOUR_MS - 1, 24 * HOUR_MS, 48 * HOUR_MS - 1] {
            assert_eq!((look(&mut store, 1, now_ms), look(&mut store, 3, now_ms)), ((11, false), (31, false)));
        }
        // Nobody asks, and it is forgotten all the same.
        store.first(&[], 48 * HOUR_MS).unwrap();
        assert_eq!((look(&mut store, 1, 48 * HOUR_MS), look(&mut store, 3, 48 * HOUR_MS)), ((0, false), (0, false)));
    }

    #[test]
    fn after_days_of_rest_nothing_is_known() {
        let case = Case::new();
        let mut store = case.open(1_000, 0);
        store.first(&[&[asked(1, 11)]], 0).unwrap();
        store.first(&[&[asked(2, 21)]], 30 * HOUR_MS).unwrap();
        drop(store);
        let mut store = case.open(1_000, 90 * HOUR_MS);
        assert_eq!((look(&mut store, 1, 90 * HOUR_MS), look(&mut store, 2, 90 * HOUR_MS)), ((0, false), (0, false)));
    }

    #[test]
    fn what_is_stored_is_known_at_once_and_after_a_restart() {
        let case = Case::new();
        let mut store = case.open(1_000, 0);
        store.first(&[&[asked(1, 11), asked(2, 21)]], 0).unwrap();
        store.mark_stored(vec![1]);
        assert_eq!((look(&mut store, 1, 1), look(&mut store, 2, 1)), ((11, true), (21, false)));
        store.flush().unwrap();
        drop(store);
        let mut store = case.open(1_000, 2);
        assert_eq!((look(&mut store, 1, 3), look(&mut store, 2, 3)), ((11, true), (21, false)));
    }

    #[test]
    fn it_holds_no_more_than_it_may_and_says_so() {
        let case = Case::new();
        let mut store = case.open(100, 0);
        for key in 0..1_000 {
            store.first(&[&[asked(key, 1)]], 1).unwrap();
            assert!(store.counts.iter().sum::<u64>() <= 100);
        }
        // The generation of the last 50 is full and becomes the older one at the next look.
        assert_eq!(look(&mut store, 999, 1).0, 1);
        assert_eq!(look(&mut store, 949, 1).0, 0);
        assert_eq!(case.metrics.arrivals_forgotten_early.get(), 950);
    }
}
