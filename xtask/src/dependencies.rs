//! What the workspace depends on, held to `deny.toml` by cargo-deny: licences, sources, one version of
//! each crate, and known vulnerabilities.
//!
//! cargo-deny is installed where it is missing. The advisories are in no registry: they are checked
//! where a clone of their repository is given. Nothing is fetched while checking.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{cargo, process::run_to_end, root};

/// The version that is installed where there is none.
const VERSION: &str = "0.20.2";
/// A clone of <https://github.com/rustsec/advisory-db>.
const ADVISORY_DB: &str = "ADVISORY_DB";
/// The folder that cargo-deny looks for in its `db-path`: the repository's name and its address' hash.
const ADVISORY_FOLDER: &str = "advisory-db-3157b0e258782691";

/// Checks the workspace, and says what was checked.
///
/// # Errors
/// If `deny.toml` forbids something, which cargo-deny has printed, or cargo-deny cannot be had.
pub fn check() -> anyhow::Result<String> {
    let program = program()?;
    let deny = |config: &Path, checks: &[&str]| {
        let mut deny = Command::new(&program);
        deny.args(["--all-features", "--locked", "--config"]).arg(config).arg("check").args(checks);
        run_to_end(deny.current_dir(root()))
    };
    let config = root().join("deny.toml");
    deny(&config, &["licenses", "sources", "bans"])?;
    let advisories = match std::env::var_os(ADVISORY_DB).filter(|path| !path.is_empty()) {
        Some(clone) => {
            deny(&with_advisories(&config, Path::new(&clone))?, &["advisories"])?;
            "no known vulnerability".to_owned()
        }
        None => format!("vulnerabilities NOT checked ({ADVISORY_DB} names no clone of rustsec/advisory-db)"),
    };
    Ok(format!(
        "licences, sources and versions by cargo-deny; {advisories}; vector-components/vector has a lockfile of its own and is left out"
    ))
}

/// cargo-deny: that of the path, or one in `target/tools`, which is built if it is not there yet.
fn program() -> anyhow::Result<PathBuf> {
    let own = root().join("target/tools/bin/cargo-deny");
    if let Some(found) = [PathBuf::from("cargo-deny"), own.clone()].into_iter().find(|program| runs(program)) {
        return Ok(found);
    }
    eprintln!("   cargo-deny {VERSION} is built once, which takes minutes");
    let tools = root().join("target/tools");
    let mut install = cargo();
    install.args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"]).arg(&tools);
    run_to_end(install.arg("--target-dir").arg(tools.join("build"))).context("cargo-deny cannot be installed")?;
    Ok(own)
}

fn runs(program: &Path) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// `deny.toml` with the place of the advisories, copied to where cargo-deny takes them for fetched.
fn with_advisories(config: &Path, clone: &Path) -> anyhow::Result<PathBuf> {
    let clone = clone.canonicalize().with_context(|| format!("{ADVISORY_DB}={}", clone.display()))?;
    let folder = root().join("target/advisories");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let copy = folder.join(ADVISORY_FOLDER);
    let source = format!("file://{}", clone.display());
    run_to_end(Command::new("git").args(["clone", "--quiet", "--depth=1", &source]).arg(&copy))?;
    // cargo-deny reads the database's age from what a fetch leaves.
    run_to_end(Command::new("git").args(["fetch", "--quiet", "--depth=1"]).current_dir(&copy))?;
    let text = fs::read_to_string(config)?;
    let place = format!("[advisories]\ndb-path = {:?}\n", folder.display().to_string());
    let placed = text.replacen("[advisories]\n", &place, 1);
    ensure!(placed != text, "deny.toml has no section [advisories]");
    let placed_config = folder.join("deny.toml");
    fs::write(&placed_config, placed)?;
    Ok(placed_config)
}
