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
use vector_components::project::PROJECTS_MAX;

use crate::outcome::Outcome;

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
    /// The outcomes as they are told to the sender; accepted ones failed if they are not durable.
    pub fn close(mut self, outcomes: &[Outcome], is_stored: bool) {
        for Share { project, events, places } in std::mem::take(&mut self.shares) {
            self.ledger.change(&project, |counts| {
                counts.pending -= events;
                let told = match &places {
                    None => counts.settle(outcomes.iter(), is_stored),
                    Some(places) => counts.settle(places.iter().filter_map(|at| outcomes.get(*at)), is_stored),
                };
                counts.failed += events.saturating_sub(told);
            });
        }
    }
}

impl Counts {
    /// Counts outcomes, and says how many they are.
    fn settle<'a>(&mut self, outcomes: impl Iterator<Item = &'a Outcome>, is_stored: bool) -> u64 {
        let mut told = 0;
        for outcome in outcomes {
            told += 1;
            match outcome {
                Outcome::Accepted { .. } if is_stored => self.stored += 1,
                Outcome::Accepted { .. } => self.failed += 1,
                Outcome::Duplicate { .. } => self.duplicate += 1,
                Outcome::Dropped(rejection) => {
                    self.dropped += 1;
                    *self.dropped_by_reason.entry(rejection.reason).or_default() += 1;
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
    use uuid::Uuid;
    use vector_components::{Reason, Rejection};

    use super::*;

    fn outcomes() -> [Outcome; 4] {
        let event_id = Uuid::nil();
        let dropped = |reason| Outcome::Dropped(Rejection::new(reason, "", ""));
        [
            Outcome::Accepted { event_id },
            Outcome::Duplicate { event_id },
            dropped(Reason::TooLarge),
            dropped(Reason::TooLong),
        ]
    }

    #[test]
    fn every_event_has_one_outcome_whatever_becomes_of_its_request() {
        let ledger = Ledger::default();
        let open = ledger.open("app", 4);
        assert_eq!(ledger.accounts()["app"].pending, 4);
        open.close(&outcomes(), true);
        ledger.open("app", 4).close(&outcomes(), false);
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
        ledger.open_each(projects.into_iter()).close(&outcomes(), true);
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
            ledger.open(&format!("p{n}"), 1).close(&outcomes()[..1], true);
        }
        let accounts = ledger.accounts();
        assert_eq!((accounts.len(), accounts[OTHERS].stored), (PROJECTS_MAX + 1, 100));
    }
}
