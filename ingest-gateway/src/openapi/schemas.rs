//! What bodies look like. Limits are those of `vector_components::validate`, in bytes, which no character is less than.

use serde_json::{Value, json};
use vector_components::{Reason, validate};

pub fn all() -> Value {
    json!({
        "Body": {"oneOf": [
            {"$ref": "#/components/schemas/Event"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Event"}, "minItems": 1},
            {"$ref": "#/components/schemas/Envelope"},
        ]},
        "Envelope": {
            "type": "object", "required": ["events"], "not": {"required": ["type"]},
            "properties": {
                "sent_at": {"$ref": "#/components/schemas/Instant"},
                "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}, "minItems": 1},
            },
        },
        "Instant": {
            "description": "RFC 3339, or epoch seconds or milliseconds",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}],
        },
        "Event": event(),
        "Id": {"anyOf": [{"type": "string", "maxLength": validate::ID_BYTES_MAX}, {"type": "integer"}]},
        "Answer": {
            "type": "object", "required": ["accepted", "duplicate", "dropped", "outcomes"],
            "properties": {
                "accepted": {"type": "integer"}, "duplicate": {"type": "integer"}, "dropped": {"type": "integer"},
                "outcomes": {"type": "array", "items": {"$ref": "#/components/schemas/Outcome"}},
            },
        },
        "Outcome": {"oneOf": [
            {
                "type": "object", "required": ["outcome", "event_id"],
                "properties": {
                    "outcome": {"enum": ["accepted", "duplicate"]}, "event_id": {"type": "string", "format": "uuid"},
                },
            },
            {
                "type": "object", "required": ["outcome", "reason", "field", "message"],
                "properties": {
                    "outcome": {"const": "dropped"}, "reason": {"enum": Reason::ALL.map(Reason::as_str)},
                    "field": {"type": "string"}, "message": {"type": "string"},
                },
            },
        ]},
        "Error": {
            "type": "object", "required": ["error"],
            "properties": {
                "error": {
                    "type": "object", "required": ["reason", "field", "message"],
                    "properties": {
                        "reason": {"type": "string"}, "field": {"type": "string"}, "message": {"type": "string"},
                    },
                },
                "accepted": {"type": "integer"}, "dropped": {"type": "integer"},
                "outcomes": {"type": "array", "items": {"$ref": "#/components/schemas/Outcome"}},
            },
        },
        "Counts": {
            "description": "received = stored + duplicate + dropped + failed + pending",
            "type": "object", "required": ["received", "stored", "duplicate", "dropped", "failed", "pending"],
            "properties": {
                "received": {"type": "integer"}, "stored": {"type": "integer"}, "duplicate": {"type": "integer"},
                "dropped": {"type": "integer"}, "failed": {"type": "integer"}, "pending": {"type": "integer"},
                "dropped_by_reason": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
        },
        "Ledger": {
            "type": "object", "required": ["since", "started", "total", "this_run", "projects"],
            "properties": {
                "since": {"type": "string", "format": "date-time"},
                "started": {"type": "string", "format": "date-time"},
                "total": {"$ref": "#/components/schemas/Counts"},
                "this_run": {"$ref": "#/components/schemas/Counts"},
                "projects": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Counts"}},
                "gateway": {"type": "object", "description": "With the operator's key: the journal and the dead letters"},
            },
        },
    })
}

fn event() -> Value {
    let text = |bytes_max: usize| json!({"type": ["string", "null"], "maxLength": bytes_max});
    let id = json!({"anyOf": [{"$ref": "#/components/schemas/Id"}, {"type": "null"}]});
    json!({
        "type": "object",
        "description": "Other fields are kept among the details",
        "required": ["type"],
        "maxProperties": validate::FIELDS_MAX,
        "properties": {
            "type": {"type": "string", "minLength": 1, "maxLength": validate::TYPE_BYTES_MAX, "description": "What happened"},
            "timestamp": {"anyOf": [{"$ref": "#/components/schemas/Instant"}, {"type": "null"}]},
            "event_id": {"type": ["string", "null"], "format": "uuid"},
            "user_id": id, "anonymous_id": id, "session_id": id,
            "path": text(validate::PATH_BYTES_MAX),
            "url": text(validate::URL_BYTES_MAX),
            "referrer": text(validate::URL_BYTES_MAX),
            "title": text(validate::TITLE_BYTES_MAX),
            "locale": text(validate::LOCALE_BYTES_MAX),
            "appVersion": text(validate::APP_VERSION_BYTES_MAX),
            "screen": {
                "type": ["object", "null"],
                "properties": {
                    "width": {"type": "number", "minimum": 0, "maximum": u16::MAX},
                    "height": {"type": "number", "minimum": 0, "maximum": u16::MAX},
                },
            },
            "revenue": {
                "type": ["object", "null"], "required": ["amount", "currency"],
                "properties": {
                    "amount": {"type": "number", "minimum": -validate::REVENUE_MAX, "maximum": validate::REVENUE_MAX},
                    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                },
            },
            "details": {"type": ["object", "null"], "maxProperties": validate::DETAILS_MAX},
        },
    })
}
