//! Whose the events of a batch are, each by itself or all of them.

use vector_components::{Arrival, Rejection};

use super::named::Named;
use crate::wire::Batch;

/// A project, and the events that are sent for it.
pub struct Party {
    /// The project, and how it was named.
    pub named: Named,
    /// How its events arrived.
    pub arrival: Arrival,
}

/// Whose the events of a batch are.
pub struct Sending {
    pub(super) parties: Vec<Party>,
    /// For each event its party, or why it has none; empty: all are the first one's.
    pub(super) of_each: Vec<Result<usize, Rejection>>,
    /// For each event how it arrived by what it says itself, if that is believed; empty if nothing is.
    pub(super) said: Vec<Option<Arrival>>,
}

impl Sending {
    /// All events are of one project.
    #[must_use]
    pub fn of_one(named: Named, arrival: Arrival, batch: &Batch<'_>) -> Self {
        let arrival = Arrival { project: named.project.name().to_owned(), ..arrival };
        let mut sending = Self { parties: vec![Party { named, arrival }], of_each: Vec::new(), said: Vec::new() };
        sending.believe(batch);
        sending
    }

    /// The party of all events, if there is one.
    #[must_use]
    pub fn only(&self) -> Option<&Party> {
        self.parties.first().filter(|_| self.of_each.is_empty())
    }

    /// The project of an event; none if it is not to be had.
    #[must_use]
    pub fn project(&self, at: usize) -> Option<&str> {
        self.party(at).ok().map(|party| party.named.project.name())
    }

    /// Whose an event is.
    ///
    /// # Errors
    /// If its project is not to be had.
    pub fn party(&self, at: usize) -> Result<&Party, &Rejection> {
        match self.of_each.get(at) {
            Some(Err(rejection)) => Err(rejection),
            Some(Ok(number)) => Ok(&self.parties[*number]),
            None => Ok(&self.parties[0]),
        }
    }

    /// How an event of this party arrived.
    #[must_use]
    pub fn arrival<'a>(&'a self, at: usize, party: &'a Party) -> &'a Arrival {
        self.said.get(at).and_then(Option::as_ref).unwrap_or(&party.arrival)
    }

    /// Only what comes with a secret key is believed.
    pub(super) fn believe(&mut self, batch: &Batch<'_>) {
        if batch.said.is_empty() || !self.parties.iter().any(|party| party.named.by_secret) {
            return;
        }
        let said = batch.said.iter().enumerate().map(|(at, said)| {
            let party = self.party(at).ok()?;
            party.named.by_secret.then(|| said.arrival(&party.arrival))
        });
        self.said = said.collect();
    }
}
