//! Whose events are taken together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// One person, over all sessions: a visitor, with all those that are linked to the same person.
    #[default]
    #[serde(alias = "person")]
    Visitor,
    /// One user of the application; events without a user id are left out.
    User,
    /// One client's session; events without a session id are left out.
    Session,
}

impl Actor {
    /// The hash that tells actors apart, but for the links of visitors: see [`crate::people`].
    #[must_use]
    pub fn expression(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::User => "cityHash64(user_id)",
            Self::Session => "cityHash64(session_id)",
        }
    }

    /// The id that people know.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Visitor => "toString(visitor)",
            Self::User => "user_id",
            Self::Session => "session_id",
        }
    }

    /// Leaves out events that are nobody's.
    #[must_use]
    pub fn condition(self) -> &'static str {
        match self {
            Self::Visitor => "",
            Self::User => " AND user_id != ''",
            Self::Session => " AND session_id != ''",
        }
    }
}
