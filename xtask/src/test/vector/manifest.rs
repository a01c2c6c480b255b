//! The parts of `vector-components/vector` that can be checked without Vector's sources.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, ensure};
use semver::{Version, VersionReq};
use serde_json::Value;

use crate::process::run_to_end;
use crate::{cargo, root};

const FOLDER: &str = "vector-components/vector";
const VECTOR: &str = "git+https://github.com/vectordotdev/vector";
const VRL: &str = "git+https://github.com/vectordotdev/vrl.git";

/// The manifest parses, is formatted, and fits the workspace: its lockfile has versions that all our crates
/// accept, and matching commits of Vector and VRL.
pub fn check() -> anyhow::Result<String> {
    let folder = root().join(FOLDER);
    run_to_end(cargo().args(["fmt", "--check", "--manifest-path"]).arg(folder.join("Cargo.toml")))?;
    let lock = std::fs::read_to_string(folder.join("Cargo.lock"))?;
    let locked = packages(&lock);
    let mut compared = 0;
    for manifest in [FOLDER, "vector-components", "vector-components/vrl"] {
        for (name, wanted) in requirements(&root().join(manifest))? {
            let versions = locked.get(name.as_str()).with_context(|| format!("{FOLDER}/Cargo.lock has no {name}"))?;
            let fits = versions.iter().any(|version| wanted.matches(version));
            ensure!(fits, "{manifest} wants {name} {wanted}, {FOLDER}/Cargo.lock has {versions:?}");
            compared += 1;
        }
    }
    let tag = tag(&folder)?;
    let commit = source(&lock, &format!("{VECTOR}?tag={tag}#"))?;
    let vrl = source(&lock, &format!("{VRL}?branch=main#"))?;
    ensure!(lock.matches(VRL).count() == 1, "{FOLDER}/Cargo.lock has VRL more than once");
    Ok(format!(
        "manifest, format and {compared} versions match its lockfile (Vector {tag} {}, VRL {})",
        &commit[..12.min(commit.len())],
        &vrl[..12.min(vrl.len())]
    ))
}

/// The versions of each package in a lockfile.
fn packages(lock: &str) -> BTreeMap<&str, Vec<Version>> {
    let mut versions: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    let mut name = "";
    let value = |line: &'_ str| line.split('"').nth(1).map(str::len).unwrap_or_default();
    for line in lock.lines() {
        if let Some(rest) = line.strip_prefix("name = \"") {
            name = &rest[..value(line)];
        } else if let Some(rest) = line.strip_prefix("version = \"")
            && let Ok(version) = Version::parse(&rest[..value(line)])
        {
            versions.entry(name).or_default().push(version);
        }
    }
    versions
}

/// A manifest's dependencies from crates.io.
fn requirements(folder: &Path) -> anyhow::Result<Vec<(String, VersionReq)>> {
    let package = package(folder)?;
    let dependencies = package["dependencies"].as_array().context("no dependencies")?;
    let from_registry = dependencies.iter().filter(|dependency| {
        dependency["kind"].is_null()
            && dependency["source"].as_str().is_some_and(|source| source.starts_with("registry"))
    });
    let read = |dependency: &Value| {
        let text = |name: &str| dependency[name].as_str().unwrap_or_default();
        Ok((text("name").to_owned(), VersionReq::parse(text("req"))?))
    };
    from_registry.map(read).collect()
}

/// The Vector tag in the manifest; all Vector crates must have the same.
fn tag(folder: &Path) -> anyhow::Result<String> {
    let package = package(folder)?;
    let dependencies = package["dependencies"].as_array().context("no dependencies")?;
    let mut tags: Vec<&str> = dependencies
        .iter()
        .filter_map(|dependency| dependency["source"].as_str()?.strip_prefix(VECTOR)?.strip_prefix("?tag="))
        .collect();
    tags.dedup();
    ensure!(tags.len() == 1, "Vector's crates have different tags: {tags:?}");
    Ok(tags[0].to_owned())
}

fn package(folder: &Path) -> anyhow::Result<Value> {
    let manifest = folder.join("Cargo.toml");
    let output =
        cargo().args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"]).arg(&manifest).output()?;
    ensure!(
        output.status.success(),
        "{} cannot be read: {}",
        manifest.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let path = manifest.display().to_string();
    let packages = metadata["packages"].as_array().context("no packages")?;
    packages.iter().find(|package| package["manifest_path"] == path).cloned().context("no such package")
}

/// A source's commit in a lockfile.
fn source(lock: &str, prefix: &str) -> anyhow::Result<String> {
    let at = lock.find(prefix).with_context(|| format!("{FOLDER}/Cargo.lock has nothing from {prefix}"))?;
    Ok(lock[at + prefix.len()..].chars().take_while(char::is_ascii_hexdigit).collect())
}
