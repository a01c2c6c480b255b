//! No circle of modules: at every level of a crate, the modules beside each other can be put in an
//! order in which each uses only those before it. So each can be read, and taken out, with what it
//! stands on and without the rest.
//!
//! A folder's `mod.rs` belongs to its folder: a module may use what its parents declare, and a parent
//! may use its modules.
//!
//! Limits: paths are read as they are written (`crate::`, `self::`, `super::`, and names of child
//! modules). A name that reaches a module by another's `pub use` counts for the one that it is
//! written with. In macros, only `crate::` paths are seen. Code of `cfg(test)` and of folders
//! `tests` does not count.

mod tree;
mod uses;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use crate::root;
use tree::Module;

/// The crates, each read from its `src/lib.rs` and `src/main.rs`. Those of other workspaces are here
/// too: they are parsed, not built.
const CRATES: [&str; 9] = [
    "embedded",
    "grafana-backend",
    "ingest-gateway",
    "vector-components",
    "vector-components/bench",
    "vector-components/vector",
    "vector-components/vector/vrl-functions",
    "vector-components/vrl",
    "xtask",
];

/// A module's name, from the crate's root.
type Name = Vec<String>;

/// Checks every crate, and says how many modules were read.
///
/// # Errors
/// Names the modules of each circle, and where they use each other.
pub fn check() -> anyhow::Result<String> {
    let mut module_count = 0;
    let mut found = Vec::new();
    for name in CRATES {
        let trees = trees(name)?;
        module_count += trees.iter().map(BTreeMap::len).sum::<usize>();
        found.extend(trees.iter().flat_map(circles).map(|circle| format!("{name}{circle}")));
    }
    ensure!(found.is_empty(), "circles of modules:\n{}", found.join("\n"));
    Ok(format!("no circle of modules in {} crates, {module_count} modules", CRATES.len()))
}

/// The modules of a crate's library and of its program.
fn trees(name: &str) -> anyhow::Result<Vec<BTreeMap<Name, Module>>> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let firsts = ["src/lib.rs", "src/main.rs"].map(|first| root().join(name).join(first));
    let firsts: Vec<&PathBuf> = firsts.iter().filter(|first| first.is_file()).collect();
    ensure!(!firsts.is_empty(), "{name} has neither src/lib.rs nor src/main.rs");
    let load = |first: &&PathBuf| tree::load(first, &read).with_context(|| format!("the modules of {name}"));
    firsts.iter().map(load).collect()
}

/// Each circle in words.
fn circles(modules: &BTreeMap<Name, Module>) -> Vec<String> {
    let mut levels: BTreeMap<Name, Edges> = BTreeMap::new();
    for (user, module) in modules {
        for used in uses::of(user, module, modules) {
            let level = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
            // One of them is the other, or around it.
            let (Some(from), Some(to)) = (user.get(level), used.get(level)) else { continue };
            let edges = levels.entry(user[..level].to_vec()).or_default();
            let places = edges.entry(from.clone()).or_default().entry(to.clone()).or_default();
            places.insert(format!("{} uses {}", user.join("::"), used.join("::")));
        }
    }
    levels.iter().flat_map(|(level, edges)| circles_of(level, edges)).collect()
}

/// From each module to those it uses, with the places where it does.
type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Sets of modules that all reach each other.
fn circles_of(level: &Name, edges: &Edges) -> Vec<String> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = edges.keys().map(|from| (from, reachable(from, edges))).collect();
    let mut told: BTreeSet<&String> = BTreeSet::new();
    let mut circles = Vec::new();
    for (from, reached) in &reach {
        if told.contains(from) || !reached.contains(from) {
            continue;
        }
        let circle: BTreeSet<&String> =
            reached.iter().copied().filter(|to| reach.get(to).is_some_and(|back| back.contains(from))).collect();
        told.extend(&circle);
        let places = circle.iter().flat_map(|from| edges.get(*from).into_iter().flatten());
        let places = places.filter(|(to, _)| circle.contains(to)).flat_map(|(_, places)| places);
        let places: Vec<String> = places.map(|place| format!("    {place}")).collect();
        let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
        let at = if level.is_empty() { "at the root".to_owned() } else { format!("in {}", level.join("::")) };
        circles.push(format!("  {at}: {}\n{}", names.join(", "), places.join("\n")));
    }
    circles
}

/// What a module uses, and what that uses.
fn reachable<'a>(from: &'a String, edges: &'a Edges) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for to in edges.get(at).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate of these files, by their modules.
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let read = |path: &Path| {
            let file = files.iter().find(|(name, _)| Path::new(name) == path);
            file.map(|(_, source)| (*source).to_owned())
        };
        let found = circles(&tree::load(Path::new("lib.rs"), &read).unwrap());
        let found: Vec<&str> = found.iter().map(|circle| circle.lines().next().unwrap_or_default().trim()).collect();
        assert_eq!(found, expected, "{files:?}");
    }

    #[test]
    fn circles_are_found_at_every_level() {
        let lib = ("lib.rs", "mod a; mod b; mod c;");
        check(&[lib, ("a.rs", "use crate::b::X;"), ("b.rs", "use crate::c::Y;"), ("c.rs", "")], &[]);
        let closed =
            [lib, ("a.rs", "use crate::b::X;"), ("b.rs", "fn f() { crate::c::g() }"), ("c.rs", "use super::{a};")];
        check(&closed, &["at the root: a, b, c"]);
        let macros =
            [lib, ("a.rs", "fn f() { println!(\"{}\", crate::b::N); }"), ("b.rs", "use crate::{a::X};"), ("c.rs", "")];
        check(&macros, &["at the root: a, b"]);
        let deep = [
            lib,
            ("a/mod.rs", "mod x; mod y; use x::X; pub struct Own;"),
            ("a/x.rs", "use super::{Own, y::Y};"),
            ("a/y.rs", "type T = super::x::X;"),
            ("b.rs", "use crate::a::x;"),
            ("c.rs", ""),
        ];
        check(&deep, &["in a: x, y"]);
    }

    #[test]
    fn tests_and_the_own_parents_are_no_circle() {
        let lib = ("lib.rs", "mod a; mod b;");
        check(&[lib, ("a.rs", "use crate::b::X;"), ("b.rs", "#[cfg(test)] mod tests { use crate::a; }")], &[]);
        check(&[lib, ("a/mod.rs", "mod x; use x::X;"), ("a/x.rs", "use super::Own;"), ("b.rs", "")], &[]);
    }
}
