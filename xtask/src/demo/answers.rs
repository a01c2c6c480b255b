//! What the demo asks the data source, and how it is shown.

use serde_json::{Map, Value, json};

use super::{DAY_MS, generator, show, state::State};
use crate::plugin::Plugin;

type Rows = Vec<Map<String, Value>>;

/// What the data source answered.
pub struct Answers {
    from_ms: i64,
    to_ms: i64,
    totals: Rows,
    countries: Rows,
    funnel: Rows,
}

impl Answers {
    /// Sessions in total and by country, and the funnel, over everything that was sent.
    pub async fn ask(plugin: &Plugin, state: &State) -> anyhow::Result<Self> {
        let from_ms = state.anchor_ms - (generator::DAYS + 1) * DAY_MS;
        let to_ms = chrono::Utc::now().timestamp_millis() + 60_000;
        let totals = json!({"queryType": "sessions", "result": "totals"});
        let countries = json!({"queryType": "sessions", "result": "by", "dimension": "country", "limit": 8});
        Ok(Self {
            from_ms,
            to_ms,
            totals: plugin.query(&totals, from_ms, to_ms).await?,
            countries: plugin.query(&countries, from_ms, to_ms).await?,
            funnel: plugin.query(&funnel_query(), from_ms, to_ms).await?,
        })
    }

    /// As tables and bars.
    pub fn show(&self) -> anyhow::Result<()> {
        let mut err = std::io::stderr();
        show::sessions(&mut err, &self.totals, &self.countries)?;
        Ok(show::funnel(&mut err, &self.funnel)?)
    }

    /// As a line of JSON.
    pub fn summary(&self, state: &State, stored: usize, visible_ms: f64) -> Value {
        json!({
            "name": "demo", "ok": state.sent == stored, "sent": state.sent, "stored": stored, "visible_ms_p99": visible_ms,
            "sessions": self.totals.first(), "funnel": self.funnel, "from_ms": self.from_ms, "to_ms": self.to_ms,
        })
    }
}

/// The funnel that the demo shows; docs and tests use it too.
fn funnel_query() -> Value {
    json!({
        "queryType": "funnel", "conversionWindowMs": 7 * DAY_MS, "by": "visitor",
        "steps": [
            {"name": "Home", "event": "page_view", "path": "/"},
            {"name": "Pricing", "event": "page_view", "path": "/pricing"},
            {"name": "Sign-up", "event": "sign_up"},
            {"name": "Purchase", "event": "purchase", "path": "/checkout/*"},
        ],
    })
}
