//! The event logic as VRL functions, for those who prefer `remap`. A Vector build adds them with
//! one line, `functions.extend(footfall_vrl::all(enricher))`; docs/vector.md is their reference.
//!
//! Each is a [`Definition`]: parameters, a plain function on values, and examples, which VRL's own
//! framework runs as tests.

mod definition;
mod functions;

use std::sync::Arc;

use vector_components::Enricher;
use vrl::compiler::Function;

pub use definition::Definition;

/// All functions, sharing one enricher and its caches.
#[must_use]
pub fn all(enricher: &Arc<Enricher>) -> Vec<Box<dyn Function>> {
    let function = |definition| Box::new(definition::Bound::new(definition, enricher)) as Box<dyn Function>;
    functions::ALL.iter().map(function).collect()
}
