//! Footfall's functions in Vector's `remap`, without a fork.
//!
//! Vector's list of VRL functions is a separate crate that cannot be extended, but it loads more from one
//! optional crate: `dnstap-parser`, which belongs to a source that `footfall-vector` is built
//! without. `[patch]` in ../Cargo.toml replaces it with this crate. A Vector build that needs both `dnstap`
//! and these functions adds `footfall_vrl::all` to its own list instead.

use std::sync::{Arc, LazyLock};

use vector_components::{Enricher, enrich::UserAgents};
use vrl::compiler::Function;

/// One enricher, and so one set of caches, for all programs. Locations require the transform
/// `footfall_enrich`, which has the options for the database files.
#[allow(clippy::expect_used)]
static ENRICHER: LazyLock<Arc<Enricher>> = LazyLock::new(|| {
    // The rules are embedded in the binary, and a test loads them.
    let user_agents = UserAgents::new().expect("the embedded rules can be read");
    Arc::new(Enricher::new(user_agents, None))
});

/// The functions that Vector's list loads.
#[must_use]
pub fn vrl_functions() -> Vec<Box<dyn Function>> {
    footfall_vrl::all(&ENRICHER)
}
