//! The keys in the file. No error holds one.

use std::collections::HashMap;

use super::{problem::Problems, section::Section};
use crate::projects::{
    keys::{KEY_BYTES_MAX, KEY_NAME_BYTES_MAX, KEYS_MAX, Key, KeyHash, Kind, SECRET_BYTES_MIN},
    settings::Settings,
};

/// Where each key of the file stands: one key is one project's, and no project's name.
#[derive(Default)]
pub(super) struct KnownKeys(HashMap<KeyHash, (String, usize)>);

impl KnownKeys {
    /// Reads the keys of a project.
    pub(super) fn read(&mut self, project: &str, section: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for mut section in section.sections("keys", KEYS_MAX, problems) {
            if let Some(key) = key(&mut section, problems) {
                if keys.iter().any(|other| other.name == key.name) {
                    problems.add(section.at, section.name("name"), "is that of another key of this project");
                }
                if let Some((other, line)) = self.add(project, &key.hash, section.at, problems) {
                    let message = format!("is the same key as one of {other}, line {line}");
                    problems.add(section.at, section.field.clone(), message);
                }
                keys.push(key);
            }
            section.finish(problems);
        }
        keys
    }

    /// A project's name names it: as a key it would name two.
    pub(super) fn check_names(&self, settings: &[Settings], problems: &mut Problems<'_>) {
        for Settings { name, .. } in settings {
            if let Some((owner, line)) = self.0.get(&KeyHash::of(name)) {
                let message = format!("hold the name of project {name}");
                problems.add_to_line(*line, format!("projects.{owner}.keys"), message);
            }
        }
    }

    /// Whose it is already, and its line.
    fn add(&mut self, project: &str, hash: &KeyHash, at: usize, problems: &Problems<'_>) -> Option<(String, usize)> {
        let known = self.0.get(hash).cloned();
        if known.is_none() {
            self.0.insert(hash.clone(), (project.to_owned(), problems.line(at)));
        }
        known
    }
}

fn key(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Key> {
    let name = section.text("name", 1..=KEY_NAME_BYTES_MAX, problems);
    let kind = section.word("kind", &[("public", Kind::Public), ("secret", Kind::Secret)], problems);
    let is_revoked = section.boolean("revoked", problems).unwrap_or(false);
    for (field, is_missing) in [("name", name.is_none()), ("kind", kind.is_none())] {
        if is_missing && !problems.has(section.at, &section.name(field)) {
            problems.add(section.at, section.name(field), "is missing");
        }
    }
    let hash = hash(kind, section, problems);
    Some(Key { name: name?.value, kind: kind?, hash: hash?, is_revoked })
}

fn hash(kind: Option<Kind>, section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<KeyHash> {
    let bytes_min = if kind == Some(Kind::Public) { 1 } else { SECRET_BYTES_MIN };
    let plain = section.secret("key", bytes_min..=KEY_BYTES_MAX, problems);
    let hashed = section.secret("sha256", 64..=64, problems);
    match (plain, hashed) {
        (Some(_), Some(hashed)) => {
            problems.add(hashed.at, section.name("sha256"), "stands beside key: give one of them");
            None
        }
        (Some(plain), None) => Some(KeyHash::of(&plain.value)),
        (None, Some(hashed)) => {
            let hash = KeyHash::of_hex(&hashed.value);
            if hash.is_none() {
                problems.add(hashed.at, section.name("sha256"), "is no SHA-256 in hexadecimal digits");
            }
            hash
        }
        (None, None) => {
            let (key, sha256) = (section.name("key"), section.name("sha256"));
            if !problems.has(section.at, &key) && !problems.has(section.at, &sha256) {
                problems.add(section.at, key, "is missing: give it, or its sha256");
            }
            None
        }
    }
}
