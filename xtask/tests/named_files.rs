//! Every file named in documentation, comments and manifests exists, so references follow moved files.

#![allow(clippy::unwrap_used, reason = "a failed invariant here is a failed test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The repository folders that a file name can start with.
const FOLDERS: [&str; 9] = [
    "dashboards",
    "docs",
    "embedded",
    "grafana-backend",
    "ingest-gateway",
    "provisioning",
    "tests",
    "vector-components",
    "xtask",
];
const ENDINGS: [&str; 13] =
    ["go", "json", "md", "mjs", "py", "rs", "service", "sh", "sql", "toml", "ts", "tsx", "yaml"];
/// History, which may name old files.
const HISTORY: &str = "CHANGELOG.md";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The words in a text that look like files of the repository.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    text.split(move |c| !is_part(c)).map(|word| word.trim_matches(['.', ':', '-'])).filter(|word| {
        let ending = word.rsplit_once('.').map(|(_, ending)| ending);
        let folder = word.split_once('/').map(|(folder, _)| folder);
        folder.is_some_and(|folder| FOLDERS.contains(&folder)) && ending.is_some_and(|ending| ENDINGS.contains(&ending))
    })
}

/// Relative to the repository's root, a parent folder of the naming file, or the front end.
fn is_there(root: &Path, by: &Path, name: &str) -> bool {
    let folders = by.ancestors().skip(1).chain([Path::new("grafana-backend/plugin")]);
    folders.into_iter().any(|folder| root.join(folder).join(name).is_file())
}

#[test]
fn every_file_that_is_named_is_there() {
    let root = root();
    let listed = Command::new("git").args(["ls-files"]).current_dir(&root).output().unwrap();
    assert!(listed.status.success(), "git lists the repository's files");
    let (mut read, mut missing) = (0, Vec::new());
    for file in String::from_utf8(listed.stdout).unwrap().lines().filter(|file| *file != HISTORY) {
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        for name in named(&text) {
            read += 1;
            if !is_there(&root, Path::new(file), name) {
                missing.push(format!("{file} names {name}"));
            }
        }
    }
    assert!(read > 100, "too few file names found: {read}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_folder_that_the_workspace_leaves_out_is_there() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("exclude = ")).unwrap();
    for folder in line.split('"').skip(1).step_by(2) {
        assert!(root().join(folder).is_dir(), "Cargo.toml excludes {folder}, which does not exist");
    }
}
