//! An event as ClickHouse sends it: the fewer numbers, the faster.

/// An event of an actor.
pub trait Item<const N: usize>: From<[u64; N]> + Ord + Copy + Send + Sync {
    /// Whose it is; a hash, so that its bits are evenly used.
    fn actor(&self) -> u64;

    /// The same event of another actor.
    #[must_use]
    fn of(self, actor: u64) -> Self;

    /// Puts items in their order.
    fn sort(items: &mut [Self]) {
        items.sort_unstable();
    }
}

/// An actor's hash and one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packed {
    /// Whose it is.
    pub actor: u64,
    /// What the query packs into it, in the order that the fold wants.
    pub packed: u64,
}

/// An actor's hash, one number and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Valued {
    /// Whose it is.
    pub actor: u64,
    /// As [`Packed::packed`].
    pub packed: u64,
    /// A hash of a value.
    pub value: u64,
}

/// An actor's hash and four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    /// Whose it is.
    pub actor: u64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What the query makes of it.
    pub mask: u64,
    /// A hash of a value, or 0.
    pub hold: u64,
    /// A hash of another value, or 0.
    pub value: u64,
}

impl From<[u64; 2]> for Packed {
    fn from([actor, packed]: [u64; 2]) -> Self {
        Self { actor, packed }
    }
}

impl From<[u64; 3]> for Valued {
    fn from([actor, packed, value]: [u64; 3]) -> Self {
        Self { actor, packed, value }
    }
}

impl From<[u64; 5]> for Wide {
    fn from([actor, at_ms, mask, hold, value]: [u64; 5]) -> Self {
        Self { actor, at_ms: at_ms.cast_signed(), mask, hold, value }
    }
}

impl Item<2> for Packed {
    fn actor(&self) -> u64 {
        self.actor
    }

    fn of(self, actor: u64) -> Self {
        Self { actor, ..self }
    }

    /// As one number, which is compared without a branch.
    fn sort(items: &mut [Self]) {
        items.sort_unstable_by_key(|item| u128::from(item.actor) << 64 | u128::from(item.packed));
    }
}

impl Item<3> for Valued {
    fn actor(&self) -> u64 {
        self.actor
    }

    fn of(self, actor: u64) -> Self {
        Self { actor, ..self }
    }

    fn sort(items: &mut [Self]) {
        items.sort_unstable_by_key(|item| (u128::from(item.actor) << 64 | u128::from(item.packed), item.value));
    }
}

impl Item<5> for Wide {
    fn actor(&self) -> u64 {
        self.actor
    }

    fn of(self, actor: u64) -> Self {
        Self { actor, ..self }
    }
}
