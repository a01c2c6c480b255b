//! The page views that benchmarks send: eight of a visit, one after another.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::traffic::{HOST, NETWORKS, PAGES, SOURCES, address};

/// Visits begin so far in the past that no event is in the future.
pub const FIRST_MS: usize = 1_713_326_652_000;

/// The visit of an event.
pub fn visit(n: usize) -> usize {
    n / 8
}

/// The address from which a visit comes.
pub fn visitor_ip(visit: usize) -> String {
    let (network, _) = NETWORKS[visit % NETWORKS.len()];
    address(network, |low, high| low + u16::try_from(visit % usize::from(high - low + 1)).unwrap_or(0))
}

/// The event of this number, as a client sends it.
pub fn page_view(n: usize) -> Value {
    let visit = visit(n);
    let (_, locale) = NETWORKS[visit % NETWORKS.len()];
    let (query, referrer) = SOURCES[visit % SOURCES.len()];
    let page = PAGES[n % PAGES.len()];
    let timestamp = DateTime::from_timestamp_millis(i64::try_from(FIRST_MS + n).unwrap_or_default());
    json!({
        "type": "page_view", "user_id": (visit % 9_973).to_string(), "session_id": format!("s{visit}"),
        "timestamp": timestamp.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true),
        "locale": locale, "path": page, "url": format!("{HOST}{page}{query}"), "referrer": referrer,
        "appVersion": "1.4.0", "details": {"plan": "pro", "n": n.to_string()},
    })
}
