//! The ledger of events: received = stored + duplicate + dropped (by reason) + failed + pending, for each project
//! and in every reading, as all of an account changes at once.
//!
//! `/metrics` shows the run of this process; `GET /v1/ledger` all runs, of which [`LedgerFile`] knows.

mod counts;
mod export;
mod file;
mod key;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use counts::Counts;
pub use export::{Report, Whole};
pub use file::LedgerFile;
pub use key::OperatorKey;
use vector_components::{Reason, project::PROJECTS_MAX};

/// Stands for the projects that find no place; no project has such a name.
const OTHERS: &str = "(others)";

/// Accounts by project.
pub type Accounts = BTreeMap<String, Counts>;

/// The ledger of a process, shared by all requests.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    run: Accounts,
    changes: u64,
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is durable.
    Stored,
    /// It may not be, and is to be sent again.
    Failed,
    /// It was durable before.
    Duplicate,
    /// It is not to be stored.
    Dropped(Reason),
}

/// The events of one request, which are pending until their outcomes are known. What is not closed has failed.
pub struct Open {
    ledger: Ledger,
    shares: Vec<Share>,
}

/// Those of one project.
struct Share {
    project: String,
    events: u64,
    /// Their places in the request; none: all of it is theirs.
    places: Option<Vec<usize>>,
}

impl Ledger {
    /// Receives the events of a request.
    #[must_use]
    pub fn open(&self, project: &str, events: usize) -> Open {
        self.receive(vec![Share { project: project.to_owned(), events: events as u64, places: None }])
    }

    /// Receives events of several projects, each named in its place; those that name none of ours share an account.
    #[must_use]
    pub fn open_each<'a>(&self, projects: impl Iterator<Item = Option<&'a str>>) -> Open {
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, project) in projects.enumerate() {
            places.entry(project.unwrap_or(OTHERS)).or_default().push(place);
        }
        let share = |(project, places): (&str, Vec<usize>)| Share {
            project: project.to_owned(),
            events: places.len() as u64,
            places: Some(places),
        };
        self.receive(places.into_iter().map(share).collect())
    }

    fn receive(&self, shares: Vec<Share>) -> Open {
        for Share { project, events, .. } in &shares {
            self.change(project, |counts| {
                counts.received += events;
                counts.pending += events;
            });
        }
        Open { ledger: self.clone(), shares }
    }

    /// The accounts of this run, as they are now.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        self.book().run.clone()
    }

    /// The same, and a number that differs when something has changed.
    fn reading(&self) -> (Accounts, u64) {
        let book = self.book();
        (book.run.clone(), book.changes)
    }

    fn change(&self, project: &str, change: impl FnOnce(&mut Counts)) {
        let mut book = self.book();
        book.changes += 1;
        let Book { run, .. } = &mut *book;
        let name = if run.contains_key(project) || run.len() < PROJECTS_MAX { project } else { OTHERS };
        match run.get_mut(name) {
            Some(counts) => change(counts),
            None => change(run.entry(name.to_owned()).or_default()),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// What became of them, in their order; of those that are not among it, that they failed.
    pub fn close(mut self, settled: &[Settled]) {
        for Share { project, events, places } in std::mem::take(&mut self.shares) {
            self.ledger.change(&project, |counts| {
                counts.pending -= events;
                let told = match &places {
                    None => counts.settle(settled.iter()),
                    Some(places) => counts.settle(places.iter().filter_map(|at| settled.get(*at))),
                };
                counts.failed += events.saturating_sub(told);
            });
        }
    }
}

impl Counts {
    /// Counts what became of events, and says of how many.
    fn settle<'a>(&mut self, settled: impl Iterator<Item = &'a Settled>) -> u64 {
        let mut told = 0;
        for settled in settled {
            told += 1;
            match settled {
                Settled::Stored => self.stored += 1,
                Settled::Failed => self.failed += 1,
                Settled::Duplicate => self.duplicate += 1,
                Settled::Dropped(reason) => {
                    self.dropped += 1;
                    *self.dropped_by_reason.entry(*reason).or_default() += 1;
                }
            }
        }
        told
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        for Share { project, events, .. } in std::mem::take(&mut self.shares) {
            self.ledger.change(&project, |counts| {
                counts.pending -= events;
                counts.failed += events;
            });
        }
    }
}

/// The sum of accounts.
#[must_use]
pub fn sum(accounts: &Accounts) -> Counts {
    accounts.values().fold(Counts::default(), |mut sum, counts| {
        sum += counts;
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLED: [Settled; 4] =
        [Settled::Stored, Settled::Duplicate, Settled::Dropped(Reason::TooLarge), Settled::Dropped(Reason::TooLong)];

    #[test]
    fn every_event_has_one_outcome_whatever_becomes_of_its_request() {
        let ledger = Ledger::default();
        let open = ledger.open("app", 4);
        assert_eq!(ledger.accounts()["app"].pending, 4);
        open.close(&SETTLED);
        ledger.open("app", 4).close(&SETTLED[1..]);
        drop(ledger.open("website", 7));
        let waiting = ledger.open("website", 2);
        let accounts = ledger.accounts();
        assert!(accounts.values().all(Counts::add_up), "{accounts:?}");
        let app = &accounts["app"];
        assert_eq!((app.received, app.stored, app.failed, app.duplicate, app.dropped), (8, 1, 1, 2, 4));
        assert_eq!((accounts["website"].failed, accounts["website"].pending), (7, 2));
        assert_eq!(sum(&accounts).received, 17);
        drop(waiting);
    }

    #[test]
    fn events_of_one_request_are_counted_for_their_own_projects() {
        let ledger = Ledger::default();
        let projects = [Some("app"), Some("website"), None, Some("app")];
        ledger.open_each(projects.into_iter()).close(&SETTLED);
        drop(ledger.open_each(projects.into_iter()));
        let accounts = ledger.accounts();
        assert!(accounts.values().all(Counts::add_up), "{accounts:?}");
        let of = |name: &str| &accounts[name];
        assert_eq!((of("app").stored, of("app").dropped, of("app").failed), (1, 1, 2));
        assert_eq!((of("website").duplicate, of("website").failed), (1, 1));
        assert_eq!((of(OTHERS).dropped, of(OTHERS).failed), (1, 1));
    }

    #[test]
    fn projects_without_end_share_one_account() {
        let ledger = Ledger::default();
        for n in 0..PROJECTS_MAX + 100 {
            ledger.open(&format!("p{n}"), 1).close(&[Settled::Stored]);
        }
        let accounts = ledger.accounts();
        assert_eq!((accounts.len(), accounts[OTHERS].stored), (PROJECTS_MAX + 1, 100));
    }
}
