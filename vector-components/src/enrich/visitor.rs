//! Who did it: one 64-bit number per person or device within a project.
//!
//! The first that is there decides: `user_id`, `anonymous_id`, `session_id`, else the
//! cookieless rule of Plausible and PostHog: a keyed hash of address, user agent and
//! site under a random salt that changes daily and is then destroyed by its keeper.
//! Ids given by the client are hashed under a fixed key: they are stored beside it anyway.

use siphasher::sip128::SipHasher24;

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

/// Which id of a client names the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// `user_id`
    User,
    /// `anonymous_id`
    Anonymous,
    /// `session_id`
    Session,
}

impl IdKind {
    /// Part of the hash, so that a user `7` and a session `7` differ.
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Anonymous => "anonymous",
            Self::Session => "session",
        }
    }
}

/// The visitor of `event`, which happened on a page of `hostname` (empty if on none).
#[must_use]
pub fn visitor(event: &Event<'_>, hostname: &str, salt: &VisitorSalt) -> u64 {
    visitor_of_ids(event).unwrap_or_else(|| {
        let ip = event.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default();
        hash(&salt.0, &[&event.project, "cookieless", registrable(hostname), &ip, &event.user_agent])
    })
}

/// The visitor that the event's own ids name, if it has one.
#[must_use]
pub fn visitor_of_ids(event: &Event<'_>) -> Option<u64> {
    let ids = [
        (IdKind::User, &event.user_id),
        (IdKind::Anonymous, &event.anonymous_id),
        (IdKind::Session, &event.session_id),
    ];
    let (kind, id) = ids.into_iter().find(|(_, id)| !id.is_empty())?;
    Some(visitor_of_id(&event.project, kind, id))
}

/// The part of a host that one registers: a visitor of `www.shop.example` and `blog.shop.example` is
/// one, of two sites of one project two.
///
/// Rule's source: the Public Suffix List. A host that it does not know stands for itself.
fn registrable(hostname: &str) -> &str {
    psl::domain_str(hostname).unwrap_or(hostname)
}

/// The visitor that a client's id names.
#[must_use]
pub fn visitor_of_id(project: &str, kind: IdKind, id: &str) -> u64 {
    hash(&ID_KEY, &[project, kind.as_str(), id])
}

/// Each part's length goes first, so that no two lists of parts give the same bytes.
fn hash(key: &[u8; 16], parts: &[&str]) -> u64 {
    // In one piece: the hasher is slow with many small ones.
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| size_of::<u64>() + part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    SipHasher24::new_with_key(key).hash(&bytes).h1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_without_ids_is_one_per_site_and_day() {
        let text = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z",
            "received_at":"2024-04-17T05:00:00.000Z","ip":"203.0.113.77","user_agent":"Mozilla/5.0"}"#;
        let event: Event<'_> = serde_json::from_str(text).unwrap();
        let id = |host: &str, salt: u8| visitor(&event, host, &VisitorSalt([salt; 16]));
        assert_eq!(id("shop.example.co.uk", 1), id("blog.example.co.uk", 1));
        assert_ne!(id("example.co.uk", 1), id("other.co.uk", 1));
        assert_ne!(id("shop.example", 1), id("shop.example", 2));
        assert_eq!(registrable("localhost"), "localhost");
        let named = Event { user_id: "7".into(), ..event.clone() };
        assert_eq!(visitor(&named, "a.example", &VisitorSalt([1; 16])), visitor_of_id("app", IdKind::User, "7"));
    }
}
