//! Where each format is spoken, as the configuration has it: lists of ad blockers know the usual paths.

use std::collections::BTreeMap;

use super::{FORMATS, WireFormat};

/// The tracker's script, which is served and takes no events.
pub const SCRIPT: (&str, &str) = ("tracker", "/v1/tracker.js");
/// Paths that cannot be given away.
const OWN: [&str; 5] = ["/healthz", "/readyz", "/metrics", "/v1/ledger", "/v1/openapi.json"];
const PATH_BYTES_MAX: usize = 256;
/// For all renames together.
const RENAMES_MAX: usize = 256;

/// Known paths, and where each of them is.
#[derive(Clone, Debug)]
pub struct Paths(Vec<Placed>);

#[derive(Clone, Debug, PartialEq)]
struct Placed {
    name: &'static str,
    known: &'static str,
    path: String,
}

/// Why paths cannot be as the configuration wants them.
#[derive(Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum PathsError {
    #[error("{0} is no rename: write a known path or a format's name, = and the new path, such as /api/event=/numbers")]
    NoRename(String),
    #[error("{name} is neither a known path nor one of {known}")]
    Unknown { name: String, known: String },
    #[error(
        "{0} is no path: it begins with /, has at most {PATH_BYTES_MAX} bytes, and is made of letters, digits, /, ., _, ~ and -"
    )]
    NoPath(String),
    #[error("{0} is the gateway's own")]
    Own(String),
    #[error("{path} cannot be both {one} and {other}")]
    Collision { path: String, one: String, other: String },
    #[error("there are {0} renames, at most {RENAMES_MAX} are allowed")]
    TooMany(usize),
}

impl Default for Paths {
    fn default() -> Self {
        Self(known().map(|(name, known)| Placed { name, known, path: known.to_owned() }).collect())
    }
}

impl Paths {
    /// With what a list renames: `known=new` moves one path, `name=/below` all paths of a format, and with
    /// nothing behind the equals sign they are gone. A path that is named twice is at both places.
    ///
    /// # Errors
    /// If a rename is none, or two paths would be one.
    pub fn parse(list: &str) -> Result<Self, PathsError> {
        let renames: Vec<&str> = list.split(',').map(str::trim).filter(|rename| !rename.is_empty()).collect();
        if renames.len() > RENAMES_MAX {
            return Err(PathsError::TooMany(renames.len()));
        }
        let (mut of_path, mut of_name) = (BTreeMap::<&str, Vec<&str>>::new(), BTreeMap::<&str, Vec<&str>>::new());
        for rename in renames {
            let (from, to) = rename.split_once('=').ok_or_else(|| PathsError::NoRename(rename.to_owned()))?;
            let (from, to) = (from.trim(), to.trim());
            check(to)?;
            let is_path = known().any(|(_, known)| known == from);
            let is_name = known().any(|(name, _)| name == from);
            match (is_path, is_name) {
                (true, _) => of_path.entry(from).or_default().push(to),
                (_, true) => of_name.entry(from).or_default().push(to),
                _ => return Err(PathsError::Unknown { name: from.to_owned(), known: names().join(", ") }),
            }
        }
        let mut placed = Vec::new();
        for (name, known) in known() {
            let paths: Vec<String> = match (of_path.get(known), of_name.get(name)) {
                (Some(paths), _) => paths.iter().map(|path| (*path).to_owned()).collect(),
                (None, Some(below)) => below.iter().filter(|to| !to.is_empty()).map(|to| joined(to, known)).collect(),
                (None, None) => vec![known.to_owned()],
            };
            placed.extend(paths.into_iter().filter(|path| !path.is_empty()).map(|path| Placed { name, known, path }));
        }
        without_collisions(&placed)?;
        Ok(Self(placed))
    }

    /// Where a known path is.
    pub fn of<'p>(&'p self, known: &'p str) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(move |placed| placed.known == known).map(|placed| placed.path.as_str())
    }
}

/// Each path with its format's name.
fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |format: &&'static dyn WireFormat| {
        let settings = format.settings().iter().map(|(path, _)| *path);
        let name = format.name();
        format.paths().iter().copied().chain(settings).map(move |path| (name, path)).collect::<Vec<_>>()
    };
    FORMATS.iter().flat_map(of).chain([SCRIPT])
}

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = known().map(|(name, _)| name).collect();
    names.dedup();
    names
}

/// An empty one is none.
fn check(path: &str) -> Result<(), PathsError> {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'~' | b'-');
    let has_steps = path.split('/').any(|step| matches!(step, "." | "..")) || path.contains("//");
    let is_path = path.starts_with('/') && path.len() <= PATH_BYTES_MAX && path.bytes().all(is_sign) && !has_steps;
    if path.is_empty() || is_path { Ok(()) } else { Err(PathsError::NoPath(path.to_owned())) }
}

fn joined(below: &str, known: &str) -> String {
    format!("{}{known}", below.trim_end_matches('/'))
}

fn without_collisions(placed: &[Placed]) -> Result<(), PathsError> {
    let mut taken: BTreeMap<&str, &Placed> = BTreeMap::new();
    for one in placed {
        if OWN.contains(&one.path.as_str()) {
            return Err(PathsError::Own(one.path.clone()));
        }
        if let Some(other) = taken.insert(&one.path, one) {
            let shown = |of: &Placed| format!("{} ({})", of.known, of.name);
            return Err(PathsError::Collision { path: one.path.clone(), one: shown(other), other: shown(one) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &str, known: &str) -> Vec<String> {
        Paths::parse(list).unwrap().of(known).map(str::to_owned).collect()
    }

    #[test]
    fn a_path_moves_alone_a_format_as_a_whole() {
        assert_eq!(of("", "/api/event"), ["/api/event"]);
        assert_eq!(of(" /api/event = /numbers ", "/api/event"), ["/numbers"]);
        assert_eq!(of("/api/event=/numbers,/api/event=/api/event", "/api/event"), ["/numbers", "/api/event"]);
        for (known, path) in [("/e/", "/ph/e/"), ("/array/{token}/config", "/ph/array/{token}/config")] {
            assert_eq!(of("posthog=/ph", known), [path]);
        }
        assert_eq!(of("posthog=/ph/,/e/=/numbers/", "/e/"), ["/numbers/"], "one path's own rename counts");
        assert!(of("matomo=", "/piwik.php").is_empty() && of("matomo=", "/e/") == ["/e/"]);
        assert_eq!(of("tracker=/a", "/v1/tracker.js"), ["/a/v1/tracker.js"]);
        assert_eq!(of("/matomo.php=/i,/i=/s", "/matomo.php"), ["/i"], "a path that moved away is free");
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (list, message) in [
            ("/api/event", "/api/event is no rename"),
            ("/api/evnt=/a", "/api/evnt is neither a known path nor one of native, article, pixel, posthog, segment"),
            ("/api/event=a", "a is no path: it begins with /"),
            ("/api/event=/a?b", "/a?b is no path"),
            ("/api/event=/a/../b", "/a/../b is no path"),
            ("/api/event=/{a}", "/{a} is no path"),
            ("/api/event=/metrics", "/metrics is the gateway's own"),
            ("/api/event=/e", "/e cannot be both /e (posthog) and /api/event (plausible)"),
            ("/api/event=/a,/api/send=/a", "/a cannot be both /api/send (umami) and /api/event (plausible)"),
            ("/api/event=/a,/api/event=/a", "/a cannot be both /api/event (plausible) and /api/event (plausible)"),
        ] {
            let error = Paths::parse(list).unwrap_err().to_string();
            assert!(error.starts_with(message), "{list}: {error}");
        }
        let many = "/api/event=/a,".repeat(RENAMES_MAX + 1);
        assert_eq!(Paths::parse(&many).unwrap_err(), PathsError::TooMany(RENAMES_MAX + 1));
    }
}
