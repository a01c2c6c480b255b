//! Which single events are asked for, checked. The rules are in docs/queries/events.md.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    check::within,
    error::QueryError,
    events::{event_filter::EventFilter, filter::json::FilterJson, one_of::OneOf},
};

const ROWS_MAX: u32 = 10_000;
const ROWS_DEFAULT: u32 = 200;

/// The events that are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Which.
    pub filter: EventFilter,
    /// Of this visitor, if any.
    pub visitor: Option<u64>,
    /// Of this user, if any.
    pub user_id: String,
    /// Of this session, if any.
    pub session_id: String,
    /// Rows at most, the newest.
    pub limit: u32,
}

/// Single events, the newest first: docs/queries/events.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EventsJson {
    /// Their name.
    event: OneOf,
    /// Their path; `*` matches any string.
    path: OneOf,
    /// What must hold of them besides.
    event_filter: FilterJson,
    /// Those of this visitor, by number.
    visitor: String,
    /// Those of this user.
    user_id: String,
    /// Those of this session.
    session_id: String,
    /// How many at most.
    #[schemars(range(min = 1, max = ROWS_MAX))]
    limit: u32,
}

impl Default for EventsJson {
    fn default() -> Self {
        Self {
            event: OneOf::default(),
            path: OneOf::default(),
            event_filter: FilterJson::default(),
            visitor: String::new(),
            user_id: String::new(),
            session_id: String::new(),
            limit: ROWS_DEFAULT,
        }
    }
}

impl EventsJson {
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Selection, QueryError> {
        let limit = within("limit", self.limit, 1..=ROWS_MAX)?;
        let number = |string: &str| {
            string.parse().map_err(|_| QueryError::invalid("visitor", format!("{string:?} is not a visitor's number")))
        };
        Ok(Selection {
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            visitor: (!self.visitor.is_empty()).then(|| number(&self.visitor)).transpose()?,
            user_id: self.user_id,
            session_id: self.session_id,
            limit,
        })
    }
}
