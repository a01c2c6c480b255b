//! The same funnel of those alone who did something often enough: what a behaviour filter costs.

use serde_json::{Value, json};

use super::Sides;
use crate::plugin::Plugin;

/// Once is read as it is stored, twice is merged and counted.
pub struct Behaviours {
    pub once_s: f64,
    pub twice_s: f64,
}

pub async fn measure(
    sides: &mut Sides<'_>,
    plugin: &Plugin,
    names: [&'static str; 2],
    funnel: &Value,
) -> anyhow::Result<Behaviours> {
    let filtered = |times: u64| {
        let mut funnel = funnel.clone();
        funnel["filter"] =
            json!({"did": {"events": {"event": "page_view", "path": "/pricing"}, "atLeast": times, "days": 30}});
        funnel
    };
    let (once_s, _) = sides.ours(names[0], plugin, &filtered(1)).await?;
    let (twice_s, _) = sides.ours(names[1], plugin, &filtered(2)).await?;
    Ok(Behaviours { once_s, twice_s })
}
