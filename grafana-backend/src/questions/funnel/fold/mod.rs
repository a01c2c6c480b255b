//! Walking one actor's events through the steps. Pure, so that it is tested against an
//! exhaustive search.
//!
//! # Rules
//! 1. A chain takes an event for each of its steps, in the steps' order, each at or after
//!    the one before; the last at most the conversion window after the first, each at most
//!    its own window after the one before (both inclusive); the first before the range's end.
//! 2. One event serves one step of a chain. Events of the same instant may be taken in
//!    either order.
//! 3. Steps that are not optional are taken without a gap; optional ones can be left out.
//!    A chain begins at the first step; of an open funnel, at any that is not optional.
//! 4. Strict: no other event of the actor lies strictly between the instants of two steps.
//!    Exclusions: none of these events lies strictly between those of two steps; a chain
//!    with one ends at the step before.
//! 5. The actor's chain is the one with the most steps that are not optional; of these the
//!    one which has them first, then the one that began last, then the one with the most
//!    optional steps, then the one whose steps are latest, compared from the end, then the
//!    one that began at the earliest step.
//! 6. In any order ([`any_order()`]): the most different steps within the window, each by an
//!    event of its own.

mod any_order;
mod matching;
pub mod plain;
mod walk;

pub use any_order::any_order;
pub use walk::{Scratch, best_chain};

/// An event that matches a step or an exclusion, or of a strict funnel any event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Bit k: matches step k; bit `steps.len() + j`: matches exclusion j.
    pub mask: u64,
    /// A hash of the breakdown's value.
    pub value: u64,
}

/// What a funnel asks of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The steps, in order.
    pub steps: Vec<StepRule>,
    /// From the first step to the last, inclusive.
    pub window_ms: i64,
    /// A chain begins before this.
    pub entries_before_ms: i64,
    /// No other event between two steps.
    pub strict: bool,
    /// A chain may begin at any step that is not optional.
    pub open: bool,
    /// Steps between which nothing of exclusion j may lie.
    pub exclusions: Vec<Between>,
}

/// Strictly between two steps, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// After this one …
    pub after: usize,
    /// … and before this one.
    pub before: usize,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRule {
    /// It can be left out.
    pub optional: bool,
    /// From the step before, inclusive.
    pub window_ms: Option<i64>,
}

/// A step that an event has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Which, from 0.
    pub step: usize,
    /// When.
    pub at_ms: i64,
    /// The event's value.
    pub value: u64,
}

#[cfg(test)]
mod tests;
