//! Write keys: secrets that each stand for one project.

use std::{collections::HashMap, fmt};

use anyhow::{Context, bail};
use vector_components::Projects;

const KEY_BYTES_MIN: usize = 16;

/// Secret keys and the project each stands for.
#[derive(Clone, Default)]
pub struct WriteKeys(HashMap<String, String>);

impl WriteKeys {
    /// Reads `key=project,…`.
    ///
    /// # Errors
    /// Names the entry that is wrong, never its key.
    pub fn parse(list: &str, projects: &Projects) -> anyhow::Result<Self> {
        let mut keys = HashMap::new();
        for (index, pair) in list.split(',').map(str::trim).filter(|p| !p.is_empty()).enumerate() {
            // The key itself is a secret and stays out of the message.
            let (key, project) = pair
                .split_once('=')
                .with_context(|| format!("FOOTFALL_WRITE_KEYS: entry {} is not key=project", index + 1))?;
            if key.len() < KEY_BYTES_MIN {
                bail!("FOOTFALL_WRITE_KEYS: the key of {project} has fewer than {KEY_BYTES_MIN} bytes");
            }
            projects.check(project).map_err(|e| anyhow::anyhow!("FOOTFALL_WRITE_KEYS: {e}"))?;
            keys.insert(key.to_owned(), project.to_owned());
        }
        Ok(Self(keys))
    }

    /// The project of a key.
    #[must_use]
    pub fn project(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl fmt::Debug for WriteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteKeys({})", self.0.len())
    }
}
