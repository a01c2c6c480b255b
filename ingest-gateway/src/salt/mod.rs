//! The keeper of visitor salts: a random key per day, destroyed 48 hours after its day began, so
//! that nobody, the operator included, can link a visitor without ids over days.
//!
//! A salt is used only after it is in the file, or a restart would make one person two. The turn of
//! the days does not wait for events ([`keep_turning`]): old salts go without traffic, and
//! tomorrow's is there before it is needed, so that no request waits for a disk.

mod file;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use tokio::runtime::{Handle, RuntimeFlavor};
use vector_components::enrich::VisitorSalt;

use crate::arrivals::Clock;
use file::SaltFile;

const DAY_MS: i64 = 86_400_000;
/// A day's salt is kept for this day and the next, for events that arrive late.
const DAYS_KEPT: i64 = 2;
/// Tomorrow's salt is made so long before.
const EARLY_MS: i64 = 3_600_000;
/// Between two looks at the clock.
pub const TURN_PAUSE: Duration = Duration::from_secs(60);

/// Salts by day, kept in a file that only its owner can read. Gateways that share the file
/// share the salts.
#[derive(Clone)]
pub struct SaltKeeper(Arc<Kept>);

struct Kept {
    file: SaltFile,
    /// As in the file; changed by [`SaltKeeper::turn`] alone.
    salts: RwLock<Salts>,
    /// Whether the file is behind, since it could not be written.
    turning: Mutex<bool>,
}

type Salts = BTreeMap<i64, [u8; 16]>;

impl SaltKeeper {
    /// Reads the salts of an earlier run, so that a restart is no new visitor.
    ///
    /// # Errors
    /// If the folder cannot be made or the file cannot be read, with what to do.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let file = SaltFile::open(folder)?;
        let salts = RwLock::new(file.read()?);
        Ok(Self(Arc::new(Kept { file, salts, turning: Mutex::default() })))
    }

    /// The salt for an event of `event_ms` that came at `now_ms`: that of the event's own day if it is
    /// still kept, so that what is sent again after midnight is of the same visitor; else today's.
    ///
    /// # Errors
    /// As [`SaltKeeper::turn`].
    pub fn salt_of(&self, event_ms: i64, now_ms: i64) -> anyhow::Result<VisitorSalt> {
        let today = now_ms.div_euclid(DAY_MS);
        let day = event_ms.div_euclid(DAY_MS).min(today);
        let stored = || {
            // The map is replaced, never changed in place.
            let salts = self.0.salts.read().unwrap_or_else(PoisonError::into_inner);
            let todays = salts.get(&today)?;
            let own = if is_kept(day, today) { salts.get(&day) } else { None };
            Some(VisitorSalt(*own.unwrap_or(todays)))
        };
        if let Some(salt) = stored() {
            return Ok(salt);
        }
        // The timer was late: the machine slept over midnight, or its clock was set.
        may_block(|| self.turn(now_ms))?;
        stored().ok_or_else(|| anyhow::anyhow!("the clock is being set: there is no visitor salt for this day"))
    }

    /// Brings the salts in line with the clock: those that are too old are destroyed, today's
    /// and, in the day's last hour, tomorrow's are made. Blocks on the disk.
    ///
    /// # Errors
    /// If the system has no randomness, or the file cannot be read or written; no salt is
    /// used then that is not in the file.
    pub fn turn(&self, now_ms: i64) -> anyhow::Result<()> {
        let mut is_behind = self.0.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let today = now_ms.div_euclid(DAY_MS);
        let is_due = |salts: &Salts| {
            salts.keys().any(|day| !is_kept(*day, today)) || needed(now_ms).any(|day| !salts.contains_key(&day))
        };
        if !*is_behind && !is_due(&self.0.salts.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        // Whatever becomes of the file, what is too old is used no more.
        let keep = |day: &i64, _: &mut [u8; 16]| is_kept(*day, today);
        self.0.salts.write().unwrap_or_else(PoisonError::into_inner).retain(keep);
        *is_behind = true;
        let salts = self.0.file.change(|salts| {
            salts.retain(keep);
            for day in needed(now_ms) {
                if let Entry::Vacant(free) = salts.entry(day) {
                    free.insert(random()?);
                }
            }
            Ok(())
        })?;
        *self.0.salts.write().unwrap_or_else(PoisonError::into_inner) = salts;
        *is_behind = false;
        Ok(())
    }
}

/// Turns the salts with the clock, whether events come or not.
pub async fn keep_turning(keeper: SaltKeeper, now_ms: Clock, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let (keeper, now_ms) = (keeper.clone(), now_ms());
        let turned = tokio::task::spawn_blocking(move || keeper.turn(now_ms)).await;
        if let Ok(Err(error)) = turned {
            tracing::error!(
                error = format!("{error:#}"),
                "visitor salts cannot be turned over; tried again in a minute"
            );
        }
    }
}

fn is_kept(day: i64, today: i64) -> bool {
    day > today - DAYS_KEPT && day <= today + 1
}

/// The days whose salts have to be there.
fn needed(now_ms: i64) -> impl Iterator<Item = i64> {
    let today = now_ms.div_euclid(DAY_MS);
    today..=(now_ms + EARLY_MS).div_euclid(DAY_MS)
}

fn random() -> anyhow::Result<[u8; 16]> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| anyhow::anyhow!("no randomness for the visitor salt: {e}"))?;
    Ok(salt)
}

/// Lets the runtime's other tasks go on meanwhile, where it has other threads.
fn may_block<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::atomic::{AtomicI64, Ordering},
    };

    use super::*;

    fn days(folder: &Path) -> Vec<i64> {
        let text = fs::read_to_string(folder.join("visitor-salts.json")).unwrap();
        serde_json::from_str::<Salts>(&text).unwrap().into_keys().collect()
    }

    #[test]
    fn a_salt_survives_a_restart_and_not_two_days() {
        let folder = tempfile::tempdir().unwrap();
        let today = |keeper: &SaltKeeper, ms| keeper.salt_of(ms, ms).unwrap();
        let first = today(&SaltKeeper::open(folder.path()).unwrap(), 5 * DAY_MS);
        let keeper = SaltKeeper::open(folder.path()).unwrap();
        assert_eq!(today(&keeper, 6 * DAY_MS - 1), first);
        let second = today(&keeper, 6 * DAY_MS);
        assert_ne!(second, first);
        assert_eq!(keeper.salt_of(6 * DAY_MS - 1, 6 * DAY_MS).unwrap(), first, "it came late");
        let third = today(&keeper, 7 * DAY_MS);
        assert_ne!(third, second);
        assert_eq!(keeper.salt_of(7 * DAY_MS - 1, 7 * DAY_MS).unwrap(), second);
        assert_eq!(keeper.salt_of(5 * DAY_MS, 7 * DAY_MS).unwrap(), third, "it is gone");
        assert_eq!(keeper.salt_of(8 * DAY_MS, 7 * DAY_MS).unwrap(), third, "a clock ahead");
        assert_eq!(days(folder.path()), [6, 7]);
    }

    #[tokio::test]
    async fn salts_turn_with_the_clock_and_not_with_events() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = SaltKeeper::open(folder.path()).unwrap();
        keeper.turn(5 * DAY_MS).unwrap();
        let clock = Arc::new(AtomicI64::new(5 * DAY_MS));
        let read = Arc::clone(&clock);
        let timer =
            keep_turning(keeper.clone(), Arc::new(move || read.load(Ordering::Relaxed)), Duration::from_millis(5));
        let timer = tokio::spawn(timer);
        for (now_ms, expected) in [
            (6 * DAY_MS - EARLY_MS - 1, vec![5]),
            (6 * DAY_MS - EARLY_MS, vec![5, 6]),
            (6 * DAY_MS, vec![5, 6]),
            (7 * DAY_MS, vec![6, 7]),
            (20 * DAY_MS, vec![20]),
            (19 * DAY_MS, vec![19, 20]),
        ] {
            clock.store(now_ms, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(days(folder.path()), expected, "{now_ms}");
        }
        timer.abort();
        let tomorrow = keeper.salt_of(20 * DAY_MS, 20 * DAY_MS).unwrap();
        assert_eq!(SaltKeeper::open(folder.path()).unwrap().salt_of(20 * DAY_MS, 20 * DAY_MS).unwrap(), tomorrow);
    }

    #[test]
    fn no_salt_is_used_that_is_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let keeper = SaltKeeper::open(&path).unwrap();
        keeper.turn(5 * DAY_MS).unwrap();
        // The folder is away: nothing can be written.
        let away = folder.path().join("away");
        fs::rename(&path, &away).unwrap();
        for _ in 0..2 {
            let error = keeper.salt_of(7 * DAY_MS, 7 * DAY_MS).unwrap_err();
            assert!(format!("{error:#}").contains("visitor-salts"), "{error:#}");
        }
        fs::rename(&away, &path).unwrap();
        let salt = keeper.salt_of(7 * DAY_MS, 7 * DAY_MS).unwrap();
        assert_eq!(SaltKeeper::open(&path).unwrap().salt_of(7 * DAY_MS, 7 * DAY_MS).unwrap(), salt);
        assert_eq!(days(&path), [7], "the old one is destroyed with the first write that succeeds");

        // Nothing is missing, but something is too old.
        keeper.turn(9 * DAY_MS - 1).unwrap();
        assert_eq!(days(&path), [7, 8, 9]);
        fs::rename(&path, &away).unwrap();
        keeper.turn(9 * DAY_MS).unwrap_err();
        fs::rename(&away, &path).unwrap();
        keeper.turn(9 * DAY_MS + 1).unwrap();
        assert_eq!(days(&path), [8, 9], "tried again");
    }

    #[test]
    fn gateways_with_one_file_have_the_same_salts() {
        let folder = tempfile::tempdir().unwrap();
        let keepers = [(); 8].map(|()| SaltKeeper::open(folder.path()).unwrap());
        for day in 5..20 {
            let salts: Vec<VisitorSalt> = std::thread::scope(|scope| {
                let ask = |keeper: &SaltKeeper| keeper.salt_of(day * DAY_MS, day * DAY_MS).unwrap();
                let threads: Vec<_> = keepers.iter().map(|keeper| scope.spawn(move || ask(keeper))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(salts.iter().all(|salt| *salt == salts[0]), "day {day}");
        }
    }

    #[test]
    fn a_damaged_file_is_no_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("visitor-salts.json");
        fs::write(folder.path().join("visitor-salts.tmp"), "{\"1\":").unwrap();
        for damaged in ["", "{\"5\":[1,2", "{\"5\":[1,2]}", "[]"] {
            fs::write(&file, damaged).unwrap();
            let error = SaltKeeper::open(folder.path()).err().map(|e| format!("{e:#}")).unwrap();
            assert!(error.contains("visitor-salts.json is damaged") && error.contains("delete it"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        SaltKeeper::open(folder.path()).unwrap().turn(5 * DAY_MS).unwrap();
        assert!(!folder.path().join("visitor-salts.tmp").exists(), "what was half written holds salts as well");
    }
}
