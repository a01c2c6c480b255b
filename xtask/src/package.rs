//! `cargo xtask package`: the packages to install, with checksums and SBOMs.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    cargo, front_end, installed, plugin_zip,
    portable::{self, Machine},
    prerequisites, root, vector,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Grafana's catalogue rejects larger plugin archives.
const PLUGIN_BYTES_MAX: u64 = 100 << 20;

/// Options for the packages.
#[derive(Args)]
pub struct Options {
    /// The output folder.
    #[arg(long, default_value = "target/package")]
    out: PathBuf,
}

/// Build → plugins → gateway and Vector → SBOMs → checksums.
pub fn run(options: &Options) -> anyhow::Result<()> {
    prerequisites::check(&prerequisites::PACKAGE)?;
    let built = cargo().args(["build", "--release", "--locked", "--bin", "ingest-gateway"]).status()?;
    ensure!(built.success(), "the build failed");
    let out = root().join(&options.out);
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out)?;
    let front = front_end::build_to_install()?;
    let machines = programs(&front.plugins.join(front_end::DATASOURCE))?;
    let mut files = plugins(&front.plugins, &out)?;
    files.extend(installed::gateway().make(&out)?);
    match vector::program()? {
        Some(program) => files.extend(installed::vector(program).make(&out)?),
        None => eprintln!("· skipped: footfall-vector (VECTOR_BIN is not set; see docs/vector.md)"),
    }
    files.push(contents(&out)?);
    files.push(npm_contents(&out)?);
    checksums(&out, &files)?;
    eprintln!("\n  {:<58} {:>10}", "file", "MiB");
    for file in &files {
        #[expect(clippy::cast_precision_loss, reason = "a size for display")]
        let mib = fs::metadata(file)?.len() as f64 / f64::from(1 << 20);
        eprintln!("  {:<58} {mib:>10.1}", name(file));
    }
    eprintln!(
        "\n  the data source is built for {}; files and SHA256SUMS are in {}",
        machines.join(", "),
        out.display()
    );
    Ok(())
}

/// Builds the data source's binary for each possible architecture. This machine's is
/// required; for others the C compiler may be missing.
fn programs(plugin: &Path) -> anyhow::Result<Vec<&'static str>> {
    let mut made = Vec::new();
    for machine in portable::MACHINES {
        let is_this = machine.name == Machine::this().name;
        if !is_this && !machine.is_installed() {
            eprintln!("· skipped: the data source for {} ({})", machine.name, machine.needs());
            continue;
        }
        let file = plugin.join(machine.program_name());
        fs::copy(portable::build(machine)?, &file)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        made.push(machine.name);
    }
    Ok(made)
}

/// One zip for the app with everything in it, and one per plugin; each has one folder, named after the plugin's id.
fn plugins(separate: &Path, out: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let nested = front_end::nest(separate)?;
    let mut files = Vec::new();
    let single = std::iter::once(front_end::DATASOURCE).chain(front_end::PANELS.map(|(_, id)| id));
    for (folder, id) in single.map(|id| (separate, id)).chain([(nested.as_path(), front_end::APP)]) {
        plugin_zip::check(&folder.join(id), id)?;
        let file = out.join(format!("{id}-{VERSION}.zip"));
        zip(folder, id, &file)?;
        ensure!(fs::metadata(&file)?.len() <= PLUGIN_BYTES_MAX, "{} exceeds the size limit for plugins", name(&file));
        files.push(file);
    }
    Ok(files)
}

/// With Python's own library, which preserves file modes.
fn zip(folder: &Path, id: &str, file: &Path) -> anyhow::Result<()> {
    const MAKE: &str = "import os, sys, zipfile\n\
        root, name, out = sys.argv[1:]\n\
        with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as archive:\n\
        \x20   for folder, folders, files in os.walk(os.path.join(root, name)):\n\
        \x20       folders.sort()\n\
        \x20       for file in sorted(files):\n\
        \x20           path = os.path.join(folder, file)\n\
        \x20           info = zipfile.ZipInfo(os.path.relpath(path, root), (2026, 1, 1, 0, 0, 0))\n\
        \x20           info.external_attr = (os.stat(path).st_mode & 0o777 | 0o100000) << 16\n\
        \x20           info.compress_type = zipfile.ZIP_DEFLATED\n\
        \x20           archive.writestr(info, open(path, 'rb').read())\n";
    let status =
        Command::new("python3").args(["-c", MAKE]).args([folder.as_os_str(), id.as_ref(), file.as_os_str()]).status();
    ensure!(status.context("python3 is required to create the archives")?.success(), "cannot create {}", name(file));
    Ok(())
}

/// SBOM of the programs' Rust crates.
fn contents(out: &Path) -> anyhow::Result<PathBuf> {
    let output = cargo().args(["metadata", "--format-version", "1", "--locked"]).output()?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let of_registry = packages.iter().filter(|package| package["source"].is_string());
    let parts = of_registry.map(|package| {
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        (text("name"), text("version"), text("license"))
    });
    cyclonedx(out, "rust", "cargo", parts)
}

/// SBOM of the front end's npm packages.
fn npm_contents(out: &Path) -> anyhow::Result<PathBuf> {
    let lock = fs::read(root().join("grafana-backend/plugin/package-lock.json"))?;
    let lock: Value = serde_json::from_slice(&lock)?;
    let packages = lock["packages"].as_object().context("no packages")?;
    let parts = packages.iter().filter_map(|(path, package)| {
        let name = path.rsplit_once("node_modules/")?.1;
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        Some((name.to_owned(), text("version"), text("license")))
    });
    cyclonedx(out, "npm", "npm", parts)
}

/// Names, versions and licences in CycloneDX format, deduplicated and sorted.
fn cyclonedx(
    out: &Path,
    what: &str,
    registry: &str,
    parts: impl Iterator<Item = (String, String, String)>,
) -> anyhow::Result<PathBuf> {
    let components: BTreeMap<(String, String), Value> = parts
        .map(|(name, version, licence)| {
            // In a package URL, the @ of an npm scope is percent-encoded.
            let address = format!("pkg:{registry}/{}@{version}", name.replacen('@', "%40", 1));
            let mut component = json!({"type": "library", "name": name, "version": version, "purl": address});
            if !licence.is_empty() {
                component["licenses"] = json!([{"expression": licence}]);
            }
            ((name, version), component)
        })
        .collect();
    let list = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "footfall", "version": VERSION}},
        "components": components.into_values().collect::<Vec<_>>(),
    });
    let file = out.join(format!("footfall-{VERSION}.{what}.cdx.json"));
    fs::write(&file, serde_json::to_string_pretty(&list)?)?;
    Ok(file)
}

fn checksums(out: &Path, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut text = String::new();
    for file in files {
        let hash = Sha256::digest(fs::read(file)?);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("{hex}  {}\n", name(file)));
    }
    Ok(fs::write(out.join("SHA256SUMS"), text)?)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
