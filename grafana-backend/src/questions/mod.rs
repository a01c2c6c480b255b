//! The questions that can be asked, a folder each: what may be asked (`model`), the statement
//! (`statement`), the rule per actor (`fold`) and the answer (`frames`). [`question::Question`]
//! is what they have in common, `TYPES` the one list of them, [`registry`] reads a query by it.
//!
//! A new type is its folder here with its lines below, and its page in docs/queries with an example, which the
//! property tests ask; in the front end, whose types are made of [`schema`], its module and its builder, each with
//! a line in a list; and its oracle. What another type has as well belongs in a room
//! beside `questions`: no type uses another.

pub mod attribution;
pub mod cohorts;
pub mod events;
mod fields;
pub mod funnel;
mod kind;
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

use attribution::Attribution;
use cohorts::Cohorts;
use events::{Annotations, Events};
use funnel::Funnel;
use kind::Kind;
use lifecycle::Lifecycle;
use live::Live;
use paths::Paths;
use retention::Retention;
use sessions::Sessions;
use spikes::Spikes;
use sql::RawSql;
use stickiness::Stickiness;
use trend::Trend;

/// All types, by the name that a query gives; docs/queries has a page for each.
static TYPES: [Kind; 14] = [
    Kind::of::<Sessions>("sessions"),
    Kind::of::<Funnel>("funnel"),
    Kind::of::<Trend>("trend"),
    Kind::of::<Retention>("retention"),
    Kind::of::<Lifecycle>("lifecycle"),
    Kind::of::<Stickiness>("stickiness"),
    Kind::of::<Paths>("paths"),
    Kind::of::<Attribution>("attribution"),
    Kind::of::<Events>("events"),
    Kind::of::<Annotations>("annotations"),
    Kind::of::<Spikes>("spikes"),
    Kind::of::<Cohorts>("cohorts"),
    Kind::of::<Live>("live"),
    Kind::of::<RawSql>("sql"),
];

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
