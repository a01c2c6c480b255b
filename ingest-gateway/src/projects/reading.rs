//! How a project's events are read: which paths are one page, and when a visit ends. Nothing that is stored depends on
//! it. The data source applies it to every query, so that it counts for old events as well.

use std::ops::RangeInclusive;

use serde::Serialize;
use vector_components::{enrich::path, rejection::shown};

/// Rules of one project.
pub const RULES_MAX: usize = 64;
/// A rule.
pub const RULE_BYTES_MAX: usize = 256;
/// All rules of one project: they are part of the data source's statements.
pub const RULES_BYTES_MAX: usize = 4_096;
/// A visit without a session id may end after so many minutes without an event. Half hours are stored as one, so it is
/// no less; and what is read around a range is a day, so it is no more.
pub const SESSION_MINUTES: RangeInclusive<u64> = 30..=1_440;

/// How a project's events are read; by default as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Patterns of paths. The first that matches a whole path stands for it.
    pub path_rules: Vec<String>,
    /// Whether `/pricing/` is `/pricing`.
    pub ignore_trailing_slash: bool,
    /// A visit without a session id ends after so many minutes without an event.
    pub session_timeout_min: u16,
}

impl Default for Reading {
    fn default() -> Self {
        Self { path_rules: Vec::new(), ignore_trailing_slash: false, session_timeout_min: 30 }
    }
}

/// Whether a path can be like this rule: `*` is one or more characters but `/`, and `/**` at the end all that follows.
///
/// # Errors
/// Says why not, of a field that "holds" the rule.
pub fn check_rule(rule: &str, ignore_trailing_slash: bool) -> Result<(), String> {
    let holds = |why: &str| Err(format!("holds {}, {why}", shown(rule)));
    if rule.len() > RULE_BYTES_MAX {
        return Err(format!("holds a rule of {} bytes, at most {RULE_BYTES_MAX} are allowed", rule.len()));
    }
    if !rule.starts_with('/') {
        return holds("which does not begin with '/'");
    }
    let stored = path::normalize(rule);
    if stored != rule {
        return holds(&format!("but such a path is stored as {}", shown(&stored)));
    }
    if rule.strip_suffix("/**").unwrap_or(rule).contains("**") {
        return holds("but ** stands only for all that follows, as in /docs/**");
    }
    if ignore_trailing_slash && rule.len() > 1 && rule.ends_with('/') {
        return holds("but with ignore_trailing_slash no path ends with '/'");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_path_with_stars() {
        for rule in [
            "/",
            "/orders/*/items",
            "/users/*",
            "/a-*.html",
            "/docs/**",
            "/**",
            "/*/**",
            "/50%25_off",
            "/дом/*",
            "/a?b=*",
        ] {
            assert_eq!(check_rule(rule, true), Ok(()), "{rule}");
        }
        assert_eq!(check_rule("/users/*/", false), Ok(()));
        for (rule, why) in [
            ("", "holds \"\", which does not begin with '/'"),
            ("users/*", "holds \"users/*\", which does not begin with '/'"),
            ("*", "holds \"*\", which does not begin with '/'"),
            ("/caf%c3%a9/*", "holds \"/caf%c3%a9/*\", but such a path is stored as \"/café/*\""),
            ("/50%", "holds \"/50%\", but such a path is stored as \"/50%25\""),
            ("/a\n", "holds \"/a\\n\", but such a path is stored as \"/a%0A\""),
            ("/**/a", "holds \"/**/a\", but ** stands only for all that follows, as in /docs/**"),
            ("/a**", "holds \"/a**\", but ** stands only"),
            ("/a/***", "holds \"/a/***\", but ** stands only"),
            ("/users/*/", "holds \"/users/*/\", but with ignore_trailing_slash no path ends with '/'"),
        ] {
            let told = check_rule(rule, true).unwrap_err();
            assert!(told.starts_with(why), "{told}");
        }
        let long = format!("/{}", "a".repeat(RULE_BYTES_MAX));
        assert_eq!(check_rule(&long, false).unwrap_err(), "holds a rule of 257 bytes, at most 256 are allowed");
    }
}
