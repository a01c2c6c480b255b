//! Who did it: one 64-bit number per person or device within a project.
//!
//! The first that is there decides: `user_id`, `anonymous_id`, `session_id`, else the
//! cookieless rule of Plausible and PostHog: a keyed hash of address, user agent and
//! site under a random salt that changes daily and is then destroyed by its keeper.
//! Ids given by the client are hashed under a fixed key: they are stored beside it anyway.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::event::Event;

/// A random 16-byte key; the caller changes it daily and forgets the old one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VisitorSalt(pub [u8; 16]);

impl std::fmt::Debug for VisitorSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VisitorSalt(…)")
    }
}

const ID_KEY: [u8; 16] = *b"footfall.visitor";

/// The visitor of `event`; the kind of id is part of the hash, so that a user `7` and a
/// session `7` differ.
#[must_use]
pub fn visitor(event: &Event, salt: &VisitorSalt) -> u64 {
    let (key, kind, id) = if !event.user_id.is_empty() {
        (&ID_KEY, "user", event.user_id.as_str())
    } else if !event.anonymous_id.is_empty() {
        (&ID_KEY, "anonymous", event.anonymous_id.as_str())
    } else if !event.session_id.is_empty() {
        (&ID_KEY, "session", event.session_id.as_str())
    } else {
        (&salt.0, "cookieless", "")
    };
    let mut hasher = SipHasher24::new_with_key(key);
    write_part(&mut hasher, &event.project);
    write_part(&mut hasher, kind);
    write_part(&mut hasher, id);
    if id.is_empty() {
        write_part(&mut hasher, &event.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default());
        write_part(&mut hasher, &event.user_agent);
    }
    hasher.finish128().h1
}

/// The length goes first, so that no two lists of parts give the same bytes.
fn write_part(hasher: &mut SipHasher24, part: &str) {
    hasher.write(&(part.len() as u64).to_le_bytes());
    hasher.write(part.as_bytes());
}
