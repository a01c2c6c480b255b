//! What happened at one moment, as ClickHouse sends it: a session began, or a conversion was made.

use crate::gathering::Item;

/// A moment of an actor. In their order, a session comes before a conversion that is its own first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Whose it is.
    pub actor: u64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The order of events of one millisecond.
    pub order: u64,
    /// [`DIRECT_SESSION`], [`CONVERSION`], or 0: a session that came from somewhere.
    pub kind: u64,
    /// The hash of a session's value.
    pub value: u64,
    /// A conversion's amount, in units of 10⁻⁴.
    pub amount: i64,
}

/// A session began, and it did not come from anywhere. Of others, which did, the kind is 0.
pub const DIRECT_SESSION: u64 = 1;
/// A conversion was made.
pub const CONVERSION: u64 = 2;
/// Units of an amount that are 1: `revenue_amount` has four places.
pub const AMOUNT_UNITS: i64 = 10_000;

impl From<[u64; 6]> for Moment {
    fn from([actor, at_ms, order, kind, value, amount]: [u64; 6]) -> Self {
        Self { actor, at_ms: at_ms.cast_signed(), order, kind, value, amount: amount.cast_signed() }
    }
}

impl Item<6> for Moment {
    fn actor(&self) -> u64 {
        self.actor
    }

    fn of(self, actor: u64) -> Self {
        Self { actor, ..self }
    }
}
