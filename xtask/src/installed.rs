//! Packages a program: as a tarball, and as a Debian package if `dpkg-deb` is available.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{bin, root};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const GATEWAY_FILES: &[(&str, &str)] = &[
    ("provisioning/systemd/footfall-gateway.service", "lib/systemd/system/footfall-gateway.service"),
    ("docs/gateway.md", "usr/share/doc/footfall/gateway.md"),
    ("LICENSE", "usr/share/doc/footfall/copyright"),
    ("provisioning/nginx/footfall.conf", "usr/share/doc/footfall/examples/nginx/footfall.conf"),
    ("provisioning/nginx/upstreams.conf", "usr/share/doc/footfall/examples/nginx/upstreams.conf"),
    ("provisioning/nginx/make-certificate.sh", "usr/share/doc/footfall/examples/nginx/make-certificate.sh"),
];
const VECTOR_FILES: &[(&str, &str)] = &[
    ("provisioning/systemd/footfall-vector.service", "lib/systemd/system/footfall-vector.service"),
    ("docs/vector.md", "usr/share/doc/footfall-vector/vector.md"),
    ("vector-components/vector/NOTICE", "usr/share/doc/footfall-vector/copyright"),
    ("LICENSE", "usr/share/doc/footfall-vector/LICENSE"),
    ("provisioning/vector/footfall.yaml", "etc/footfall/vector/footfall.yaml"),
    ("provisioning/vector/metrics.yaml", "etc/footfall/vector/metrics.yaml"),
    ("provisioning/vector/http.yaml", "usr/share/doc/footfall-vector/examples/http.yaml"),
    ("provisioning/vector/stock.yaml", "usr/share/doc/footfall-vector/examples/stock.yaml"),
];

/// A program's installed files.
pub struct Installed {
    program: PathBuf,
    /// Name of the program and the tarball.
    name: &'static str,
    /// Name of the Debian package.
    package: &'static str,
    /// Source in the repository, and destination.
    files: &'static [(&'static str, &'static str)],
    depends: &'static str,
    /// A line, followed by one that starts with a space.
    description: &'static str,
}

/// The gateway.
pub fn gateway() -> Installed {
    Installed {
        program: bin("ingest-gateway"),
        name: "ingest-gateway",
        package: "footfall-gateway",
        files: GATEWAY_FILES,
        depends: "libc6, libstdc++6",
        description: "Footfall's ingest gateway\n Accepts events over HTTP and acknowledges them when they are durable.",
    }
}

/// Vector with Footfall's transforms, from an existing build.
pub fn vector(program: PathBuf) -> Installed {
    Installed {
        program,
        name: "footfall-vector",
        package: "footfall-vector",
        files: VECTOR_FILES,
        depends: "libc6, libstdc++6, zlib1g",
        description: "Vector with Footfall's transforms\n Reads events from Kafka, enriches them and writes them to ClickHouse.",
    }
}

impl Installed {
    /// Creates the files in `out`.
    ///
    /// # Errors
    /// If one is missing or cannot be packed.
    pub fn make(&self, out: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let tree = out.join("tree");
        put(&self.program, &tree.join("usr/bin").join(self.name), 0o755)?;
        for (from, to) in self.files {
            put(&root().join(from), &tree.join(to), 0o644)?;
        }
        let tarball = out.join(format!("{}-{VERSION}-linux-{machine}.tar.gz", self.name));
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-czf"])
            .arg(&tarball)
            .arg("-C")
            .arg(&tree)
            .arg(".");
        ensure!(tar.status()?.success(), "cannot create the tarball");
        let mut files = vec![tarball];
        if Command::new("dpkg-deb").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        {
            files.push(self.debian(&tree, out, machine)?);
        } else {
            eprintln!("· skipped: the Debian package of {} (dpkg-deb is not installed)", self.name);
        }
        fs::remove_dir_all(&tree)?;
        Ok(files)
    }

    fn debian(&self, tree: &Path, out: &Path, machine: &str) -> anyhow::Result<PathBuf> {
        let (package, depends, description) = (self.package, self.depends, self.description);
        let control = format!(
            "Package: {package}\nVersion: {VERSION}\nArchitecture: {machine}\nMaintainer: Footfall\nSection: net\nPriority: optional\n\
             Depends: {depends}\nDescription: {description}\n"
        );
        fs::create_dir_all(tree.join("DEBIAN"))?;
        fs::write(tree.join("DEBIAN/control"), control)?;
        // Conffiles: the operator's changes are kept.
        let changed: Vec<_> = self.files.iter().filter(|(_, to)| to.starts_with("etc/")).collect();
        if !changed.is_empty() {
            let lines: String = changed.iter().map(|(_, to)| format!("/{to}\n")).collect();
            fs::write(tree.join("DEBIAN/conffiles"), lines)?;
        }
        let file = out.join(format!("{package}_{VERSION}_{machine}.deb"));
        let made = Command::new("dpkg-deb")
            .args(["--build", "--root-owner-group"])
            .arg(tree)
            .arg(&file)
            .stdout(Stdio::null())
            .status()?;
        ensure!(made.success(), "cannot create the Debian package of {package}");
        Ok(file)
    }
}

fn put(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    fs::create_dir_all(to.parent().context("no folder")?)?;
    fs::copy(from, to).with_context(|| format!("{} does not exist", from.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_there() {
        for (from, _) in GATEWAY_FILES.iter().chain(VECTOR_FILES) {
            assert!(root().join(from).is_file(), "{from}");
        }
    }

    #[test]
    fn a_program_becomes_a_tarball_and_a_debian_package() {
        let out = root().join("target/tmp/installed");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out).unwrap();
        // Any file serves as a program.
        let files = vector(root().join("LICENSE")).make(&out).unwrap();
        let listed = Command::new("tar").arg("-tzf").arg(&files[0]).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        for name in ["./usr/bin/footfall-vector", "./etc/footfall/vector/footfall.yaml"] {
            assert!(listed.lines().any(|line| line == name), "{listed}");
        }
        assert!(!out.join("tree").exists());
    }
}
