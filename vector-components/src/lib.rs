//! Footfall's event logic, pure: no I/O, no clock, no framework.
//!
//! # Path of an event
//! 1. [`validate::receive`] turns an untrusted JSON object into an [`Event`] that borrows from
//!    it, or says in a [`Rejection`] which field is wrong, what the limit is and what came.
//! 2. [`Privacy::apply`] takes out what the operator wants nowhere stored.
//! 3. [`Enricher::enrich`] adds what can be derived: user agent, place, referrer,
//!    campaign and visitor.
//! 4. The [`Row`] is what the table `analytics.events` stores, one field a column.
//!
//! Time, addresses and secrets come in as arguments; files are read by the callers.

pub mod details;
pub mod enrich;
mod escape;
pub mod event;
mod json;
pub mod privacy;
pub mod project;
pub mod rejection;
pub mod row;
pub mod timestamp;
pub mod validate;

pub use enrich::Enricher;
pub use event::Event;
pub use privacy::Privacy;
pub use project::Projects;
pub use rejection::{Reason, Rejection};
pub use row::{COLUMNS, Row};
pub use validate::{Arrival, validate};
