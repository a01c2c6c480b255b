//! The event logic as functions of VRL, for those who prefer `remap`. A Vector build adds them with
//! one line, `functions.extend(footfall_vrl::all(enricher))`; docs/vector.md is their reference.
//!
//! Each is a [`Definition`]: parameters, a plain function on values, and examples, which are run as
//! tests by VRL's own framework.

mod definition;
mod functions;

use std::sync::Arc;

use vector_components::Enricher;
use vrl::compiler::Function;

pub use definition::Definition;

/// All functions, on one enricher with its caches.
#[must_use]
pub fn all(enricher: &Arc<Enricher>) -> Vec<Box<dyn Function>> {
    let function = |definition| Box::new(definition::Bound::new(definition, enricher)) as Box<dyn Function>;
    functions::ALL.iter().map(function).collect()
}
