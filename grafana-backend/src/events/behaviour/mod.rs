//! Who an event's person is, as a condition of a query's filter: what they did, how often and when, or the cohort that
//! they are in. Rules: docs/queries/filters.md, docs/queries/cohorts.md.

mod cohort;
pub mod filter;
pub mod json;
mod model;
mod named;
mod statement;

pub use cohort::{content, settled};
pub use filter::PersonFilter;
pub use model::{Around, Did, Listed};

#[cfg(test)]
mod tests;
