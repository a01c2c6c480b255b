//! Projects as the article lists them, `PROJECTS=app,website`, and their secret keys beside it.

use anyhow::{Context, bail};
use vector_components::{Projects, privacy::AddressPolicy};

use super::{
    keys::{KEY_BYTES_MAX, KeyHash, SECRET_BYTES_MIN},
    settings::Settings,
};

/// If neither a list nor a file is given.
pub const DEFAULT: &str = "app,website";

/// Reads the names, and `key=project,…`.
///
/// # Errors
/// Names the entry that is wrong, never its key.
pub fn parse(names: &str, keys: &str, client_ip: AddressPolicy) -> anyhow::Result<Vec<Settings>> {
    let names = Projects::parse(names).map_err(anyhow::Error::msg).context("PROJECTS")?;
    let mut projects: Vec<Settings> = names.iter().map(|name| Settings::of_name(name, client_ip)).collect();
    for (index, pair) in keys.split(',').map(str::trim).filter(|pair| !pair.is_empty()).enumerate() {
        // The key itself is a secret and stays out of the message.
        let (key, name) = pair
            .split_once('=')
            .with_context(|| format!("FOOTFALL_WRITE_KEYS: entry {} is not key=project", index + 1))?;
        if !(SECRET_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len()) {
            bail!(
                "FOOTFALL_WRITE_KEYS: the key of {name} has {} bytes, but must have {SECRET_BYTES_MIN} to {KEY_BYTES_MAX}",
                key.len()
            );
        }
        names.check(name).map_err(|error| anyhow::anyhow!("FOOTFALL_WRITE_KEYS: {error}"))?;
        let hash = KeyHash::of(key);
        let holds = |project: &Settings| project.keys.iter().any(|key| key.hash == hash);
        if let Some(other) = projects.iter().find(|project| holds(project)) {
            bail!("FOOTFALL_WRITE_KEYS: entry {} is the same key as one of {}", index + 1, other.name);
        }
        if let Some(project) = projects.iter_mut().find(|project| project.name == name) {
            project.add_secret(key);
        }
    }
    Ok(projects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_and_no_key_is() {
        let said = |keys: &str| format!("{:#}", parse("app,website", keys, AddressPolicy::Keep).unwrap_err());
        assert_eq!(said("0123456789abcdef"), "FOOTFALL_WRITE_KEYS: entry 1 is not key=project");
        assert!(said("short-secret=app").starts_with("FOOTFALL_WRITE_KEYS: the key of app has 12 bytes"));
        assert!(said("0123456789abcdef=ap").contains("\"ap\" is not configured"));
        let twice = said("0123456789abcdef=app,0123456789abcdef=website");
        assert_eq!(twice, "FOOTFALL_WRITE_KEYS: entry 2 is the same key as one of app");
        assert!(format!("{:#}", parse("a b", "", AddressPolicy::Keep).unwrap_err()).starts_with("PROJECTS: "));
        let projects = parse("app,website", "0123456789abcdef=app,0123456789abcdeg=app", AddressPolicy::Keep).unwrap();
        assert_eq!(
            projects.iter().map(|of| (&*of.name, of.keys.len())).collect::<Vec<_>>(),
            [("app", 2), ("website", 0)]
        );
    }
}
