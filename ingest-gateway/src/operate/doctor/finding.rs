//! What a check found, as it is printed.

use std::fmt;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work, or soon will not.
    Fail,
}

/// One check's outcome.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it came out.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do; empty if nothing.
    pub advice: String,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, state: State::Ok, seen: seen.into(), advice: String::new() }
    }

    pub(crate) fn warn(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warn, seen: seen.into(), advice: advice.into() }
    }

    pub(crate) fn fail(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Fail, seen: seen.into(), advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        write!(out, "{state}  {:<18} {}", self.check, self.seen)?;
        if !self.advice.is_empty() {
            write!(out, "\n      {:<18} → {}", "", self.advice)?;
        }
        Ok(())
    }
}
