//! Secrets inside of a property's value: JSON, an address, or what a form sends.

use std::borrow::Cow;

use super::{json, names::Names};
use crate::enrich::scrub::{Secrets, scrub_with};

/// `text` with the values of secret names in it replaced, `depth` texts deep.
pub fn redact<'t>(text: &'t str, names: &Names, depth: usize) -> Cow<'t, str> {
    if json::is_like(text) {
        return json::redact(text, names, depth);
    }
    let is_address = text.contains("://") || text.starts_with(['/', '?', '#']);
    scrub_with(text, Secrets { names, is_address, depth })
}
