//! Where the engine's library lies. `cargo xtask demo` puts it there by npm, which
//! checks its integrity against embedded/npm/package-lock.json.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// The version that is pinned in embedded/npm/package.json.
pub const VERSION: &str = "26.7.3-stable.1";

/// The cache folder: `FOOTFALL_CACHE`, else `XDG_CACHE_HOME/footfall`, else `~/.cache/footfall`.
///
/// # Errors
/// If none of the three is set.
pub fn cache_folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("FOOTFALL_CACHE") {
        return Ok(folder.into());
    }
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder).join("footfall"));
    }
    let home = std::env::var_os("HOME").context("neither FOOTFALL_CACHE, XDG_CACHE_HOME nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/footfall"))
}

/// The folder into which npm installs the pinned version.
///
/// # Errors
/// As [`cache_folder`].
pub fn install_folder() -> anyhow::Result<PathBuf> {
    Ok(cache_folder()?.join(format!("engine-{VERSION}")))
}

/// The path of the library.
///
/// # Errors
/// If it is not installed, with the command that installs it.
pub fn find() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("FOOTFALL_LIBCHDB") {
        return Ok(path.into());
    }
    let path = install_folder()?.join("node_modules/@chdb/lib-linux-x64-gnu/libchdb.so");
    if !path.is_file() {
        bail!(
            "the ClickHouse engine is not at {}: run `cargo xtask engine` once to fetch it, \
             or set CLICKHOUSE_URL to use a ClickHouse server",
            path.display()
        );
    }
    Ok(path)
}
