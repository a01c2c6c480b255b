//! The two passwords that keep the interface closed to web pages and to other users of the
//! machine: `default` may do everything, `reader` only reads. They are kept in the data folder,
//! so that they stay the same over restarts, and whoever may read that folder has them.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

/// The file of `default`'s password, in the data folder.
pub const PASSWORD_FILE: &str = "engine-password";
/// The file of `reader`'s password, in the data folder.
pub const READER_PASSWORD_FILE: &str = "reader-password";

/// The variable with `default`'s password.
pub const PASSWORD_VARIABLE: &str = "FOOTFALL_ENGINE_PASSWORD";

const RANDOM_BYTES: usize = 32;
const PASSWORD_BYTES_MIN: usize = 16;
const PASSWORD_BYTES_MAX: usize = 256;

/// A password. It has no printable form.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password that a person has chosen.
    ///
    /// # Errors
    /// If it has too few or too many bytes, or others than visible ASCII.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        ensure!(
            (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&text.len()),
            "the engine's password has {} bytes, {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} are allowed",
            text.len()
        );
        ensure!(text.bytes().all(|byte| byte.is_ascii_graphic()), "the engine's password may hold visible ASCII only");
        Ok(Self(text.to_owned()))
    }

    /// The one that `FOOTFALL_ENGINE_PASSWORD` holds, if it is set. There is no option for it:
    /// everybody on a machine sees the arguments of its processes.
    ///
    /// # Errors
    /// As [`Password::parse`].
    pub fn from_environment() -> anyhow::Result<Option<Self>> {
        let given = std::env::var(PASSWORD_VARIABLE).ok().filter(|text| !text.is_empty());
        given.map(|text| Self::parse(&text).context(PASSWORD_VARIABLE)).transpose()
    }

    /// The password itself, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in a time that tells nothing of where they differ.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn random() -> anyhow::Result<Self> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the system has no random bytes: {e}"))?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The passwords of both users.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// Of `default`, who may do everything.
    pub default: Password,
    /// Of `reader`, who may only read.
    pub reader: Password,
}

impl Passwords {
    /// Those of the folder, made if they are not there. A `given` one takes the place of
    /// `default`'s.
    ///
    /// # Errors
    /// If a file cannot be read or written, or holds no password.
    pub fn open(folder: &Path, given: Option<&Password>) -> anyhow::Result<Self> {
        Ok(Self {
            default: keep(&folder.join(PASSWORD_FILE), given)?,
            reader: keep(&folder.join(READER_PASSWORD_FILE), None)?,
        })
    }

    /// Those of the folder, as an engine has left them there.
    ///
    /// # Errors
    /// If a file cannot be read or holds no password.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { default: read(&folder.join(PASSWORD_FILE))?, reader: read(&folder.join(READER_PASSWORD_FILE))? })
    }
}

/// Makes a folder that other users of the machine cannot look into; one that is there already
/// is closed to them.
///
/// # Errors
/// If it cannot be made.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))?;
    // A mounted volume may belong to somebody else; its files are still closed one by one.
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o700)) {
        tracing::warn!(%error, path = %path.display(), "the data folder cannot be closed to other users");
    }
    Ok(())
}

/// Writes a file that only its owner can read. It is there completely or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let aside = path.with_extension("part");
    let write = || -> io::Result<()> {
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn keep(path: &Path, given: Option<&Password>) -> anyhow::Result<Password> {
    let stored = if path.exists() { Some(read(path)?) } else { None };
    let password = match (given, stored) {
        (Some(given), Some(stored)) if *given == stored => stored,
        (Some(given), _) => given.clone(),
        (None, Some(stored)) => {
            // It may come out of a copy with other rights.
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            return Ok(stored);
        }
        (None, None) => Password::random()?,
    };
    write_private(path, password.reveal())?;
    Ok(password)
}

fn read(path: &Path) -> anyhow::Result<Password> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Password::parse(text.trim()).with_context(|| format!("{} holds no password", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn passwords_stay_the_same_and_are_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("clickhouse");
        private_folder(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert!(Passwords::read(&data).is_err());

        let made = Passwords::open(&data, None).unwrap();
        assert_eq!(made.default.reveal().len(), 43, "32 bytes in base 64");
        assert_ne!(made.default, made.reader);
        assert_eq!(mode(&data.join(PASSWORD_FILE)), 0o600);
        fs::set_permissions(data.join(PASSWORD_FILE), fs::Permissions::from_mode(0o644)).unwrap();
        let again = Passwords::open(&data, None).unwrap();
        assert_eq!((&again.default, &again.reader), (&made.default, &made.reader));
        assert_eq!(mode(&data.join(PASSWORD_FILE)), 0o600, "closed again");

        let given = Password::parse("0123456789abcdef").unwrap();
        assert_eq!(Passwords::open(&data, Some(&given)).unwrap().default, given);
        let read = Passwords::read(&data).unwrap();
        assert_eq!((read.default, read.reader), (given, made.reader), "the other one stays");
    }

    #[test]
    fn what_is_no_password() {
        for text in ["", "short", "0123456789 abcdef", "0123456789abcdeé", &"x".repeat(257)] {
            let error = Password::parse(text).unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text), "the message holds the secret");
        }
        let password = Password::parse("0123456789abcdef").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert!(password.matches("0123456789abcdef"));
        for wrong in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0"] {
            assert!(!password.matches(wrong), "{wrong}");
        }
    }
}
