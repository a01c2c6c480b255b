//! One row of `analytics.events`: each field is the column of the same name
//! (provisioning/clickhouse), in the JSON form that `FORMAT JSONEachRow` reads. The
//! direct sink and Vector's clickhouse sink write this same form.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

/// An enriched event as it is stored. Texts that are not known are empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "docs/events.md describes each column; the names are the columns' names")]
pub struct Row {
    pub project: String,
    pub ts: String,
    pub event: String,
    pub visitor: u64,
    pub session_id: String,
    pub event_id: Uuid,
    pub user_id: String,
    pub anonymous_id: String,
    pub path: String,
    pub hostname: String,
    pub url: String,
    pub title: String,
    pub referrer: String,
    pub referrer_host: String,
    pub referrer_source: &'static str,
    pub channel: &'static str,
    pub utm_source: String,
    pub utm_medium: String,
    pub utm_campaign: String,
    pub utm_term: String,
    pub utm_content: String,
    pub locale: String,
    pub app_version: String,
    pub browser: String,
    pub browser_version: String,
    pub os: String,
    pub os_version: String,
    pub device_type: &'static str,
    pub device_brand: String,
    pub device_model: String,
    pub bot: &'static str,
    pub bot_score: u8,
    pub bot_reasons: Vec<&'static str>,
    pub country: String,
    pub region: String,
    pub city: String,
    pub latitude: f32,
    pub longitude: f32,
    pub screen_width: u16,
    pub screen_height: u16,
    pub revenue_amount: f64,
    pub revenue_currency: String,
    pub properties: BTreeMap<String, String>,
    pub received_at: String,
}
