//! The names of the contract: which field of the object is which.

use std::borrow::Cow;

use super::{fields::Field, object::Object};
use crate::json::Json;

/// The fields that the contract knows, as sent.
pub struct Sent<'a> {
    pub event_type: Field<'a>,
    pub event_id: Field<'a>,
    pub timestamp: Field<'a>,
    pub user_id: Field<'a>,
    pub anonymous_id: Field<'a>,
    pub session_id: Field<'a>,
    pub path: Field<'a>,
    pub locale: Field<'a>,
    pub app_version: Field<'a>,
    pub url: Field<'a>,
    pub referrer: Field<'a>,
    pub title: Field<'a>,
    pub screen: Field<'a>,
    pub revenue: Field<'a>,
    pub details: Field<'a>,
    pub ip: Field<'a>,
    pub user_agent: Field<'a>,
}

impl<'a> Sent<'a> {
    /// Picks them out of the event.
    pub fn of(object: &Object<'a>) -> Self {
        let mut sent = Self::absent();
        for (name, value) in object.iter() {
            if let Some(field) = sent.field(name) {
                field.set(value);
            }
        }
        sent
    }

    fn absent() -> Self {
        Self {
            event_type: Field::absent("type"),
            event_id: Field::absent("event_id"),
            timestamp: Field::absent("timestamp"),
            user_id: Field::absent("user_id"),
            anonymous_id: Field::absent("anonymous_id"),
            session_id: Field::absent("session_id"),
            path: Field::absent("path"),
            locale: Field::absent("locale"),
            app_version: Field::absent("appVersion"),
            url: Field::absent("url"),
            referrer: Field::absent("referrer"),
            title: Field::absent("title"),
            screen: Field::absent("screen"),
            revenue: Field::absent("revenue"),
            details: Field::absent("details"),
            ip: Field::absent("ip"),
            user_agent: Field::absent("user_agent"),
        }
    }

    fn field(&mut self, name: &str) -> Option<&mut Field<'a>> {
        Some(match name {
            "type" => &mut self.event_type,
            "event_id" => &mut self.event_id,
            "timestamp" => &mut self.timestamp,
            "user_id" => &mut self.user_id,
            "anonymous_id" => &mut self.anonymous_id,
            "session_id" => &mut self.session_id,
            "path" => &mut self.path,
            "locale" => &mut self.locale,
            "appVersion" => &mut self.app_version,
            "url" => &mut self.url,
            "referrer" => &mut self.referrer,
            "title" => &mut self.title,
            "screen" => &mut self.screen,
            "revenue" => &mut self.revenue,
            "details" => &mut self.details,
            "ip" => &mut self.ip,
            "user_agent" => &mut self.user_agent,
            _ => return None,
        })
    }
}

/// The fields that the contract does not know.
pub fn unknown<'a>(object: Object<'a>) -> Vec<(Cow<'a, str>, Json<'a>)> {
    let mut known = Sent::absent();
    object.into_iter().filter(|(name, _)| known.field(name).is_none()).collect()
}
