//! A funnel's numbers as frames.

mod actors;
mod histogram;
mod steps;
mod trend;

pub use actors::actors;
pub use histogram::histogram;
pub use steps::steps;
pub use trend::trend;

use super::named::NamedGroup;
use crate::label::{OTHER, apart};

/// What the values beyond the limit are called.
fn rest(named: &[NamedGroup]) -> String {
    apart(OTHER, named.iter().filter_map(|named| named.name.as_deref()))
}
