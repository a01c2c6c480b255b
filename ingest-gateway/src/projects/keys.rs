//! Write keys. They are kept as hashes alone: nothing that is written or shown by accident can hold one, and how long
//! a comparison takes says nothing of a key, only of the hash of what somebody guessed.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Keys of one project, revoked ones included.
pub const KEYS_MAX: usize = 100;
/// A key, in bytes.
pub const KEY_BYTES_MAX: usize = 256;
/// A secret key, in bytes.
pub const SECRET_BYTES_MIN: usize = 16;
/// What the operator calls a key, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 64;

/// Who may know a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everybody: it stands in a page or an app. It names the project and can be revoked.
    Public,
    /// A server. What it says of the people whose events it sends is believed.
    Secret,
}

/// A key of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What the operator calls it.
    pub name: String,
    /// Who may know it.
    pub kind: Kind,
    /// The key.
    pub hash: KeyHash,
    /// It is taken no more.
    pub is_revoked: bool,
}

/// The SHA-256 of a key.
#[derive(Clone)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// As `sha256sum` writes it; none if it is no such text.
    #[must_use]
    pub fn of_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 2 * hash.len() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(hash))
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyHash {}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Not even the hash: of a short key, it would tell it.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_sha256sum_writes_it_and_is_not_shown() {
        let hex = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";
        assert_eq!(KeyHash::of_hex(hex), Some(KeyHash::of("0123456789abcdef")));
        assert_eq!(KeyHash::of_hex(&hex.to_uppercase()), Some(KeyHash::of("0123456789abcdef")));
        for text in ["", "9f", &hex[1..], &hex.replace('f', "g"), &"é".repeat(32)] {
            assert_eq!(KeyHash::of_hex(text), None, "{text}");
        }
        assert_ne!(KeyHash::of("0123456789abcdef"), KeyHash::of("0123456789abcdeg"));
        assert_eq!(format!("{:?}", KeyHash::of("0123456789abcdef")), "KeyHash");
    }
}
