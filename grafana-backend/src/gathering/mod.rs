//! Events of actors, out of ClickHouse and into a fold: ClickHouse filters and reduces each
//! event to a few numbers, this gathers them by actor. Nothing is sorted or grouped on the
//! server, which is half of what a `GROUP BY` of arrays costs, and a fold can state rules
//! that no SQL function has.
//!
//! Memory has a limit. If the events do not fit, the query is asked again for a part of
//! the actors at a time, by the actor's hash.
//!
//! A person can be several visitors ([`crate::people`]): their events are put together here, so that
//! folds know nothing of it.

mod buckets;
pub mod fold;
pub mod items;
mod joined;
mod partitions;
pub mod pass;

pub use fold::{Sum, fold};
pub use items::{Item, Packed, Valued, Wide};
pub use pass::Pass;
