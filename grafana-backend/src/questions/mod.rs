//! The questions that can be asked, a folder each: what may be asked (`model`), the statement
//! (`statement`), the rule per actor (`fold`) and the answer (`frames`). [`question::Question`]
//! is what they have in common, [`registry`] the one list of them.
//!
//! A new type is its folder here with its line below, its line in the registry, and a valid query
//! among those of the property tests; in the front end, whose types are made of [`schema`], its module and
//! its builder; its page in docs/queries and its oracle. What another type has as well belongs in a room
//! beside `questions`: no type uses another.

pub mod events;
mod fields;
pub mod funnel;
pub mod lifecycle;
pub mod live;
pub mod paths;
pub mod plan;
pub mod question;
pub mod registry;
pub mod retention;
pub mod schema;
pub mod sessions;
pub mod spikes;
pub mod sql;
pub mod stickiness;
pub mod trend;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
