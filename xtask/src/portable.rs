//! The data source's binary as shipped: it requires no shared libraries, since Grafana's
//! standard image is Alpine, which has neither glibc nor libgcc_s. It is linked with musl.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use object::{
    Endianness,
    elf::{DT_NEEDED, FileHeader64, PT_INTERP, SHT_GNU_VERNEED},
    read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader},
};

use crate::{cargo, root};

/// An architecture to build for.
#[derive(Clone, Copy)]
pub struct Machine {
    /// Grafana's name for it.
    pub name: &'static str,
    target: &'static str,
}

/// All architectures.
pub const MACHINES: [Machine; 2] = [
    Machine { name: "amd64", target: "x86_64-unknown-linux-musl" },
    Machine { name: "arm64", target: "aarch64-unknown-linux-musl" },
];

impl Machine {
    /// The one this runs on.
    pub fn this() -> Self {
        MACHINES[usize::from(cfg!(target_arch = "aarch64"))]
    }

    /// The file name Grafana looks for.
    pub fn program_name(self) -> String {
        format!("gpx_footfall_linux_{}", self.name)
    }

    /// What must be installed to build for it.
    pub fn needs(self) -> String {
        format!("rustup target add {}", self.target)
    }

    /// Whether Rust's target is installed, or can be installed now.
    pub fn can_be_built_for(self) -> bool {
        if self.is_installed() {
            return true;
        }
        eprintln!("· {}", self.needs());
        let added = Command::new("rustup").args(["target", "add", self.target]).stdin(Stdio::null()).status();
        added.is_ok_and(|status| status.success()) && self.is_installed()
    }

    /// Whether Rust's target is installed.
    pub fn is_installed(self) -> bool {
        let asked = Command::new("rustc").args(["--print", "target-libdir", "--target", self.target]).output();
        asked.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
    }
}

/// Builds the binary and checks that it is self-contained. Installs Rust's target if
/// necessary.
///
/// # Errors
/// If it cannot be built, or has dependencies.
pub fn build(machine: Machine) -> anyhow::Result<PathBuf> {
    ensure!(
        machine.can_be_built_for(),
        "Rust's target {} is not installed and could not be downloaded: {}",
        machine.target,
        machine.needs()
    );
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package", "grafana-backend", "--bin", "gpx_footfall"]);
    build.args(["--target", machine.target]);
    ensure!(build.status()?.success(), "cannot build the data source for {}", machine.target);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join(machine.target).join("release/gpx_footfall");
    check(&program)?;
    Ok(program)
}

/// Builds it for this machine, into a plugin's folder. A process running from there keeps
/// its old binary.
///
/// # Errors
/// As [`build`].
pub fn install(plugin: &Path) -> anyhow::Result<()> {
    let machine = Machine::this();
    let (program, file) = (build(machine)?, plugin.join(machine.program_name()));
    let aside = file.with_extension("new");
    fs::copy(program, &aside)?;
    Ok(fs::rename(aside, file)?)
}

/// Checks that a binary needs no loader, no shared library, and no versioned glibc symbols.
///
/// # Errors
/// Its dependencies.
pub fn check(program: &Path) -> anyhow::Result<()> {
    let data = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let needs = needs(&data).with_context(|| format!("{} is not an executable", program.display()))?;
    ensure!(needs.is_empty(), "{} is not self-contained: it needs {}", program.display(), needs.join(", "));
    Ok(())
}

fn needs(data: &[u8]) -> anyhow::Result<Vec<String>> {
    let header = FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut needs = Vec::new();
    for segment in header.program_headers(endian, data)? {
        if segment.p_type(endian) == PT_INTERP {
            needs.push("a loader".to_owned());
        }
    }
    for section in sections.iter() {
        if section.sh_type(endian) == SHT_GNU_VERNEED {
            needs.push("versioned symbols".to_owned());
        }
        let Some((entries, strings)) = section.dynamic(endian, data)? else { continue };
        let strings = sections.strings(endian, data, strings)?;
        for entry in entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED) {
            let name = entry.val32(endian).and_then(|at| strings.get(at).ok()).context("a library without a name")?;
            needs.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(needs)
}

/// A command that starts a program in a root directory with only the contents of `folder`.
///
/// # Errors
/// If the user is neither root nor allowed to create a namespace.
pub fn alone(folder: &Path, program: &str) -> anyhow::Result<Vec<String>> {
    let inside = ["chroot".to_owned(), folder.display().to_string(), program.to_owned()];
    for before in [&[][..], &["unshare", "--map-root-user"]] {
        let command: Vec<String> = before.iter().map(|word| (*word).to_owned()).chain(inside.clone()).collect();
        let probe = Command::new(&command[0]).args(&command[1..command.len() - 1]).arg("/nothing").output()?;
        // 127 means that chroot worked but found no such program.
        if probe.status.code() == Some(127) {
            return Ok(command);
        }
    }
    bail!("cannot change the root directory: the test needs root, or unprivileged namespaces")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This test binary itself is linked with glibc.
    #[test]
    fn a_program_that_needs_a_library_is_found_out() {
        let error = check(&std::env::current_exe().unwrap()).unwrap_err().to_string();
        for need in ["a loader", "versioned symbols", "libc.so.6"] {
            assert!(error.contains(need), "{error}");
        }
        assert!(needs(b"#!/bin/sh\n").is_err());
    }
}
