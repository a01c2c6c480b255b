//! A dropped event, as it is kept.
//!
//! Secrets are taken out of it as out of an event that is stored, and the client's address is not kept: what depends on
//! it is the visitor of an event that names nobody, which is kept as its number.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;
use vector_components::{Arrival, Privacy, Reason, Rejection, event::ClientHeaders};

use super::Policy;

/// One of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeadLetter {
    /// Its own id; of an event that is sent again without an id and a time, it becomes the event's.
    pub id: Uuid,
    /// When the event came, in milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// The project; empty if the body is a message of the topic, which names it.
    pub project: String,
    /// Why the event was dropped: the reason's name.
    pub reason: String,
    /// The field at fault.
    pub field: String,
    /// The sentence that the client was told.
    pub detail: String,
    /// Where the event was dropped.
    pub origin: String,
    /// The visitor; 0 if it is not known.
    pub visitor: u64,
    /// The event's size as it came.
    pub bytes: u64,
    /// The event's JSON; empty if it is not kept.
    pub body: Vec<u8>,
    /// What else was known of its arrival.
    pub context: Context,
}

/// What is known of an event's arrival beside its address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The client's clock when it sent the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at_ms: Option<i64>,
    /// The `User-Agent` header.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// Other headers.
    #[serde(default, deserialize_with = "owned")]
    pub hints: ClientHeaders<'static>,
}

fn owned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientHeaders<'static>, D::Error> {
    ClientHeaders::deserialize(deserializer).map(ClientHeaders::into_owned)
}

/// Where the gateway's letters come from, as `origin`.
pub const ORIGIN: &str = "gateway";

impl DeadLetter {
    /// Of an event that is dropped as it arrives.
    #[must_use]
    pub fn of_event(
        raw: &RawValue,
        arrival: &Arrival,
        rejection: &Rejection,
        visitor: u64,
        privacy: &Privacy,
        policy: &Policy,
    ) -> Self {
        let text = raw.get();
        let is_kept = policy.keeps_bodies() && text.len() <= policy.body_bytes_max;
        let detail = match privacy.is_secret(&rejection.field) {
            true => Cow::Borrowed(""),
            false => privacy.apply_to_text(&rejection.message),
        };
        Self {
            id: Uuid::now_v7(),
            received_at_ms: arrival.received_at_ms,
            project: arrival.project.clone(),
            reason: rejection.reason.as_str().to_owned(),
            field: rejection.field.clone(),
            detail: detail.into_owned(),
            origin: ORIGIN.to_owned(),
            visitor,
            bytes: text.len() as u64,
            body: if is_kept { privacy.apply_to_text(text).into_owned().into_bytes() } else { Vec::new() },
            context: Context {
                sent_at_ms: arrival.sent_at_ms,
                user_agent: arrival.user_agent.clone(),
                hints: arrival.hints.clone(),
            },
        }
    }

    /// Of a message that was in the journal and is too large for the topic.
    #[must_use]
    pub fn of_message(value: &[u8], visitor: u64, received_at_ms: i64, detail: String, policy: &Policy) -> Self {
        let is_kept = policy.keeps_bodies() && value.len() <= policy.body_bytes_max;
        Self {
            id: Uuid::now_v7(),
            received_at_ms,
            reason: Reason::TooLarge.as_str().to_owned(),
            detail,
            origin: ORIGIN.to_owned(),
            visitor,
            bytes: value.len() as u64,
            body: if is_kept { value.to_vec() } else { Vec::new() },
            ..Self::default()
        }
    }

    /// What it takes in memory, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.body.len() + self.detail.len() + self.context.user_agent.len()
    }

    /// Its place among others, for a list that goes on where it ended.
    pub(super) fn order(&self) -> (i64, Uuid) {
        (self.received_at_ms, self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use vector_components::privacy::AddressPolicy;

    use super::super::What;
    use super::*;

    fn arrival() -> Arrival {
        Arrival {
            project: "app".into(),
            received_at_ms: 7,
            sent_at_ms: Some(6),
            ip: Some([203, 0, 113, 77].into()),
            user_agent: "Mozilla/5.0".into(),
            hints: ClientHeaders::default(),
        }
    }

    fn letter(raw: &str, field: &str, message: &str, policy: &Policy) -> DeadLetter {
        let privacy = Privacy::new(AddressPolicy::Keep, ["pin"]).unwrap();
        let raw: Box<RawValue> = RawValue::from_string(raw.to_owned()).unwrap();
        let rejection = Rejection::new(Reason::TooLong, field, message);
        DeadLetter::of_event(&raw, &arrival(), &rejection, 9, &privacy, policy)
    }

    #[test]
    fn secrets_and_addresses_are_not_kept() {
        let raw = r#"{"type":7,"password":"S1","url":"https://a.example/?token=S2&x=1","details":{"pin":"S3","cut":"\ud83d","n":12345678901234567890123}}"#;
        let kept = letter(raw, "url", r#"url has 9 bytes: "https://a.example/?token=S4…""#, &Policy::default());
        let body = String::from_utf8(kept.body.clone()).unwrap();
        assert_eq!(
            body,
            r#"{"type":7,"password":"REDACTED","url":"https://a.example/?token=REDACTED&x=1","details":{"pin":"REDACTED","cut":"\ud83d","n":12345678901234567890123}}"#
        );
        let all = format!("{kept:?}");
        assert!(!["S1", "S2", "S3", "S4", "203.0.113.77"].iter().any(|secret| all.contains(secret)), "{all}");
        let of_secret = letter(raw, "details.pin", r#"details.pin has 9000 bytes: "S5""#, &Policy::default());
        assert_eq!((of_secret.detail.as_str(), of_secret.field.as_str()), ("", "details.pin"));
    }

    #[test]
    fn a_body_is_kept_whole_or_not_at_all() {
        let raw = to_raw_value(&serde_json::json!({"type": "x".repeat(300)})).unwrap();
        let bytes = raw.get().len();
        for (what, body_bytes_max, is_kept) in
            [(What::Keep, bytes, true), (What::Keep, bytes - 1, false), (What::Reasons, bytes, false)]
        {
            let kept = letter(raw.get(), "type", "", &Policy { what, body_bytes_max, ..Policy::default() });
            assert_eq!((kept.bytes, !kept.body.is_empty()), (bytes as u64, is_kept));
        }
    }
}
