//! Which single events are asked for, checked. The rules are in docs/queries/events.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    check::within,
    error::QueryError,
    events::{event_filter::EventFilter, one_of::OneOf},
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

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct EventsJson {
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    visitor: String,
    user_id: String,
    session_id: String,
    limit: Option<u32>,
}

impl EventsJson {
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Selection, QueryError> {
        let limit = within("limit", self.limit.unwrap_or(ROWS_DEFAULT), 1..=ROWS_MAX)?;
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
