//! Footfall's functions in Vector's `remap`, without a fork.
//!
//! Vector's list of VRL functions is a crate of its own that nobody can add to, but it asks one
//! optional crate for more: `dnstap-parser`, which belongs to a source that `footfall-vector` is built
//! without. `[patch]` in ../Cargo.toml puts this crate in its place. A Vector that needs both `dnstap`
//! and these functions adds `footfall_vrl::all` to its own list instead.

use std::sync::{Arc, LazyLock};

use vector_components::{Enricher, enrich::UserAgents};
use vrl::compiler::Function;

/// One enricher, and so one set of caches, for all programs. Places come of the transform
/// `footfall_enrich`, which has the option for their files.
#[allow(clippy::expect_used)]
static ENRICHER: LazyLock<Arc<Enricher>> = LazyLock::new(|| {
    // The rules are part of the program, and a test reads them.
    let user_agents = UserAgents::new().expect("the embedded rules can be read");
    Arc::new(Enricher::new(user_agents, None))
});

/// What Vector's list asks for.
#[must_use]
pub fn vrl_functions() -> Vec<Box<dyn Function>> {
    footfall_vrl::all(&ENRICHER)
}
