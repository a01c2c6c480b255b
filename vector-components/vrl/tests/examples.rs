//! The functions' examples, run by VRL's own test framework.

use std::sync::Arc;

use vector_components::{Enricher, enrich::UserAgents};
use vrl::{
    compiler::{CompileConfig, TimeZone, VrlRuntime},
    test::{TestConfig, get_tests_from_functions, run_tests},
};

fn main() {
    let enricher = Arc::new(Enricher::new(UserAgents::new().expect("the rules can be loaded"), None));
    let ours = footfall_vrl::all(&enricher);
    let tests = get_tests_from_functions(footfall_vrl::all(&enricher));
    assert!(tests.len() >= ours.len(), "each function has an example");
    let functions: Vec<_> = vrl::stdlib::all().into_iter().chain(ours).collect();
    let config = TestConfig {
        fail_early: false,
        verbose: true,
        no_diff: true,
        timings: false,
        runtime: VrlRuntime::Ast,
        timezone: TimeZone::default(),
        run_skipped: true,
    };
    // Exits with 1 if one fails.
    run_tests(tests, &config, &functions, || (CompileConfig::default(), ()), |()| {});
}
