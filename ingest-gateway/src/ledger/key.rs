//! The operator's key: who has it may read the whole ledger, from wherever the gateway can be reached.
//!
//! An address would not do: behind a proxy everybody has the proxy's, and a page in a browser on the machine has the
//! machine's.

use std::{
    fmt::{self, Write as _},
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, ensure};
use subtle::ConstantTimeEq;

const FILE: &str = "operator-key";
const RANDOM_BYTES: usize = 24;

/// A secret in the data folder, made at the first start; gateways that share the folder share it.
#[derive(Clone)]
pub struct OperatorKey(String);

impl OperatorKey {
    /// Reads it, or makes it.
    ///
    /// # Errors
    /// If the file can be neither read nor written.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
        let path = data.join(FILE);
        let context = || format!("the operator's key {}", path.display());
        if !path.exists() {
            Self::make(&path).with_context(context)?;
        }
        Self::read(&path).with_context(context)
    }

    /// Puts a new one there as a whole, unless another process was faster.
    fn make(path: &Path) -> anyhow::Result<()> {
        let key = random()?;
        let aside = path.with_extension(&key[..8]);
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&aside)?;
        file.write_all(key.as_bytes())?;
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Whether this is it.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let key = fs::read_to_string(path)?.trim().to_owned();
        let bytes_min = RANDOM_BYTES * 2;
        ensure!(
            key.len() >= bytes_min,
            "it has {} bytes, at least {bytes_min} are needed; delete it for a new one",
            key.len()
        );
        Ok(Self(key))
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(…)")
    }
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness for the operator's key: {error}"))?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_stays_the_same_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = OperatorKey::open(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(OperatorKey::open(folder.path()).unwrap().is(&text) && key.is(&text) && text.len() == 48);
        assert!(!key.is("") && !key.is(&text[1..]) && !format!("{key:?}").contains(&text));
        fs::write(&path, "").unwrap();
        let error = format!("{:#}", OperatorKey::open(folder.path()).unwrap_err());
        assert!(error.contains("operator-key") && error.contains("delete it for a new one"), "{error}");
    }
}
