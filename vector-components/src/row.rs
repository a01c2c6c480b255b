//! One row of `analytics.events`: each field is the column of the same name
//! (provisioning/clickhouse), in the JSON form that `FORMAT JSONEachRow` reads. The
//! direct sink and Vector's clickhouse sink write this same form.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

/// An enriched event as it is stored. Texts that are not known are empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "docs/events.md describes each column; the names are the columns' names")]
pub struct Row<'a> {
    pub project: &'a str,
    pub ts: String,
    pub event: &'a str,
    pub visitor: u64,
    pub session_id: &'a str,
    pub event_id: Uuid,
    pub user_id: &'a str,
    pub anonymous_id: &'a str,
    pub path: &'a str,
    pub hostname: &'a str,
    pub url: &'a str,
    pub title: &'a str,
    pub referrer: &'a str,
    pub referrer_host: &'a str,
    pub referrer_source: &'static str,
    pub channel: &'static str,
    pub utm_source: &'a str,
    pub utm_medium: &'a str,
    pub utm_campaign: &'a str,
    pub utm_term: &'a str,
    pub utm_content: &'a str,
    pub locale: &'a str,
    pub app_version: &'a str,
    pub browser: &'a str,
    pub browser_version: &'a str,
    pub os: &'a str,
    pub os_version: &'a str,
    pub device_type: &'static str,
    pub device_brand: &'a str,
    pub device_model: &'a str,
    pub bot: &'static str,
    pub bot_score: u8,
    pub bot_reasons: &'a [&'static str],
    pub country: &'a str,
    pub region: &'a str,
    pub city: &'a str,
    pub latitude: f32,
    pub longitude: f32,
    pub screen_width: u16,
    pub screen_height: u16,
    pub revenue_amount: f64,
    pub revenue_currency: &'a str,
    pub properties: &'a BTreeMap<String, String>,
    pub received_at: String,
}
