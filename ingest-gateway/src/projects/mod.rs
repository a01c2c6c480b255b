//! The projects whose events are taken, and what each of them allows.
//!
//! They are listed as in the article ([`listed`]) or described in a [`file`], which is read again when it changes
//! ([`Live`]). Either way they become [`Settings`], and a [`Registry`] of [`Project`]s, which a request holds from its
//! head to its answer: a change in between is not seen by half of it.

pub mod file;
pub mod keys;
pub mod listed;
mod live;
pub mod origins;
mod project;
pub mod quota;
pub mod reading;
mod refusal;
mod registry;
mod settings;

use std::path::PathBuf;

pub use file::{Defaults, FileError};
pub use live::{Live, watch};
pub use project::{Project, Sender};
pub use reading::Reading;
pub use refusal::Refusal;
pub use registry::{Parts, Registry};
pub use settings::{BotPolicy, DAYS_MAX, RETENTIONS_MAX, Settings, readings, retention_days};

/// Where the projects are described.
#[derive(Clone, Debug)]
pub enum Source {
    /// In `PROJECTS` and `FOOTFALL_WRITE_KEYS`.
    Listed(Vec<Settings>),
    /// In this file, `FOOTFALL_PROJECTS_FILE`.
    File(PathBuf),
}

impl Source {
    /// Reads and checks them.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn read(&self, defaults: &Defaults) -> Result<Vec<Settings>, FileError> {
        match self {
            Self::Listed(settings) => Ok(settings.clone()),
            Self::File(path) => file::parse(path, &file::read(path)?, defaults),
        }
    }

    /// Where an operator finds them.
    #[must_use]
    pub fn option(&self) -> &'static str {
        match self {
            Self::Listed(_) => "PROJECTS",
            Self::File(_) => "FOOTFALL_PROJECTS_FILE",
        }
    }
}
