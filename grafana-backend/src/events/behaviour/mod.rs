//! What an event's person did, as a condition of a query's filter: an event, how often, and when. Rules:
//! docs/queries/filters.md.

pub mod filter;
pub mod json;
mod model;
mod statement;

pub use filter::PersonFilter;
pub use model::{Around, Did};

#[cfg(test)]
mod tests;
