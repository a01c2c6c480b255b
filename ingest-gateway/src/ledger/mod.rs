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
    project: String,
    events: u64,
}

impl Ledger {
    /// Receives the events of a request.
    #[must_use]
    pub fn open(&self, project: &str, events: usize) -> Open {
        let events = events as u64;
        self.change(project, |counts| {
            counts.received += events;
            counts.pending += events;
        });
        Open { ledger: self.clone(), project: project.to_owned(), events }
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
    /// What became of them; of those that are not among it, that they failed.
    pub fn close(mut self, settled: &Counts) {
        let events = std::mem::take(&mut self.events);
        let outcomes = settled.stored + settled.duplicate + settled.dropped + settled.failed;
        self.ledger.change(&self.project, |counts| {
            counts.pending -= events;
            *counts += settled;
            counts.failed += events.saturating_sub(outcomes);
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let events = std::mem::take(&mut self.events);
        if events > 0 {
            self.ledger.change(&self.project, |counts| {
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
    use vector_components::Reason;

    use super::*;

    fn settled() -> Counts {
        let dropped_by_reason = [(Reason::TooLarge, 1), (Reason::TooLong, 1)].into();
        Counts { stored: 1, duplicate: 1, dropped: 2, dropped_by_reason, ..Counts::default() }
    }

    #[test]
    fn every_event_has_one_outcome_whatever_becomes_of_its_request() {
        let ledger = Ledger::default();
        let open = ledger.open("app", 4);
        assert_eq!(ledger.accounts()["app"].pending, 4);
        open.close(&settled());
        ledger.open("app", 4).close(&Counts { stored: 0, ..settled() });
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
    fn projects_without_end_share_one_account() {
        let ledger = Ledger::default();
        for n in 0..PROJECTS_MAX + 100 {
            ledger.open(&format!("p{n}"), 1).close(&Counts { stored: 1, ..Counts::default() });
        }
        let accounts = ledger.accounts();
        assert_eq!((accounts.len(), accounts[OTHERS].stored), (PROJECTS_MAX + 1, 100));
    }
}
