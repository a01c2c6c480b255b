//! The configured projects, and the exact test against them.
//!
//! The article's lab tested with `contains`, so `ap` passed for `app`. Here a name
//! matches whole and byte for byte, or not at all.

use std::collections::BTreeSet;

use crate::rejection::{Reason, Rejection, shown};

/// A project name is at most this long.
pub const PROJECT_BYTES_MAX: usize = 64;
/// At most so many projects are configured.
pub const PROJECTS_MAX: usize = 10_000;

/// What is wrong with a list of projects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum ProjectsError {
    #[error("no project is named: give at least one, as in PROJECTS=app,website")]
    None,
    #[error("{0} projects are named, at most {PROJECTS_MAX} are allowed")]
    TooMany(usize),
    #[error("project {name} has {bytes} bytes, at most {PROJECT_BYTES_MAX} are allowed")]
    LongName { name: String, bytes: usize },
    #[error("project {0} may hold letters, digits, '.', '_' and '-' only")]
    Characters(String),
    #[error("one project, exactly")]
    NotOne,
}

/// The list of projects whose events are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projects(BTreeSet<String>);

impl Projects {
    /// Reads the form of the article's `.env`: names separated by commas.
    ///
    /// # Errors
    /// Says which name is empty, too long or holds a character outside
    /// `A–Z a–z 0–9 . _ -`, or that there is none at all.
    pub fn parse(list: &str) -> Result<Self, ProjectsError> {
        let mut names = BTreeSet::new();
        for name in list.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            check_name(name)?;
            names.insert(name.to_owned());
        }
        match names.len() {
            0 => Err(ProjectsError::None),
            count if count > PROJECTS_MAX => Err(ProjectsError::TooMany(count)),
            _ => Ok(Self(names)),
        }
    }

    /// Checks that `name` is one of the projects, exactly.
    ///
    /// # Errors
    /// [`Reason::MissingProject`] for an empty name, else [`Reason::UnknownProject`].
    pub fn check(&self, name: &str) -> Result<(), Rejection> {
        match name {
            "" => Err(missing()),
            name if self.0.contains(name) => Ok(()),
            name => Err(unknown(name, "PROJECTS")),
        }
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// No project is named.
#[must_use]
pub fn missing() -> Rejection {
    let message =
        "no project is named: send the header X-App: <project>, or name it in the address, ?project=<project>";
    Rejection::new(Reason::MissingProject, "X-App", message)
}

/// The project is none of those that the option `see` configures.
#[must_use]
pub fn unknown(name: &str, see: &str) -> Rejection {
    let message = format!("project {} is not configured: names match exactly, see {see}", shown(name));
    Rejection::new(Reason::UnknownProject, "X-App", message)
}

fn check_name(name: &str) -> Result<(), ProjectsError> {
    if name.len() > PROJECT_BYTES_MAX {
        return Err(ProjectsError::LongName { name: shown(name), bytes: name.len() });
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err(ProjectsError::Characters(shown(name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_not_the_name() {
        // Regression: the article's lab tested by substring, so `ap` passed for `app`.
        let projects = Projects::parse("app,website").unwrap();
        assert!(projects.check("app").is_ok());
        for name in ["ap", "a", "p", "app,website", "App", "app ", "site", "apps"] {
            assert_eq!(projects.check(name).unwrap_err().reason, Reason::UnknownProject, "{name}");
        }
        assert_eq!(projects.check("").unwrap_err().reason, Reason::MissingProject);
    }

    #[test]
    fn a_bad_list_is_refused_with_its_reason() {
        assert!(Projects::parse(" , ").unwrap_err().to_string().contains("no project"));
        assert!(Projects::parse("a b").unwrap_err().to_string().contains("\"a b\""));
        assert!(Projects::parse(&"x".repeat(65)).unwrap_err().to_string().contains("65 bytes"));
    }
}
