//! What is wrong with a file, and where.

use std::{fmt, path::PathBuf};

/// Problems that are told at once.
const TOLD_MAX: usize = 20;

/// One problem. Its message holds no key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Problem {
    pub line: usize,
    /// The field at fault, in dotted form; empty for the file as a whole.
    pub field: String,
    pub message: String,
}

/// Why a file of projects is not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {why}", path.display())]
    #[expect(missing_docs, reason = "the types say it")]
    Unreadable { path: PathBuf, why: String },
    /// It does not say what it must.
    #[error("{}", told(path, problems))]
    #[expect(missing_docs, reason = "the types say it")]
    Invalid { path: PathBuf, problems: Vec<Problem> },
}

/// The problems of one file, in the order of its lines, and where its lines begin.
pub(super) struct Problems<'t> {
    text: &'t str,
    all: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, all: Vec::new() }
    }

    /// Of what stands at this byte.
    pub(super) fn add(&mut self, at: usize, field: impl Into<String>, message: impl Into<String>) {
        let line = self.line(at);
        self.all.push(Problem { line, field: field.into(), message: message.into() });
    }

    pub(super) fn add_to_line(&mut self, line: usize, field: impl Into<String>, message: impl Into<String>) {
        self.all.push(Problem { line, field: field.into(), message: message.into() });
    }

    /// Whether something of a table that begins at this byte, a field or what lies in it, is told already.
    pub(super) fn has(&self, at: usize, field: &str) -> bool {
        let line = self.line(at);
        self.all.iter().any(|problem| problem.line >= line && problem.field.starts_with(field))
    }

    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.all.sort_by_key(|problem| problem.line);
        self.all
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(out, "line {}: {}", self.line, self.message),
            field => write!(out, "line {}: {field} {}", self.line, self.message),
        }
    }
}

fn told(path: &std::path::Path, problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().take(TOLD_MAX).map(Problem::to_string).collect();
    let more = match problems.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{}: {}{more}", path.display(), told.join("; "))
}
