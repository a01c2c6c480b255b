//! The events to send: deterministic batches.

use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};

use crate::traffic::{ENTRIES, HOST, PAGES, SOURCES, USER_AGENTS};

/// Events per request.
pub const BATCH_EVENTS: usize = 100;
const IN_FLIGHT: usize = 16;
const FIRST_MS: i64 = 1_713_326_652_000;

/// The events of one batch, all from one client, so that no client is faster than a person.
fn batch(at: usize) -> Vec<Value> {
    let event = |n: usize| {
        let page = PAGES[(at + n) % PAGES.len()];
        let (query, referrer) = SOURCES[at % SOURCES.len()];
        json!({
            "type": (["page_view", "click", "sign_up", "purchase"][n % 4]),
            "user_id": format!("u{}", (at * 7 + n) % 9_973),
            "session_id": format!("s{at}"),
            "timestamp": FIRST_MS + (at * BATCH_EVENTS + n) as i64,
            "url": format!("{HOST}{}{query}", if n == 0 { ENTRIES[at % ENTRIES.len()] } else { page }),
            "referrer": referrer, "title": "Ünïcode \"quoted\"\n", "locale": "en-GB", "appVersion": "1.4.0",
            "screen": {"width": 1920, "height": 1080},
            "revenue": {"amount": (n as f64) * 0.25, "currency": "EUR"},
            "details": {"plan": "pro", "n": n, "nested": {"a": [1, 2.5, null]}},
        })
    };
    (0..BATCH_EVENTS).map(event).collect()
}

/// Sends batches through a gateway; each is acknowledged when durable.
///
/// # Errors
/// If one is not accepted in full.
pub async fn send(url: &str, batches: std::ops::Range<usize>) -> anyhow::Result<()> {
    let client = Client::new();
    stream::iter(batches)
        .map(|at| {
            let (client, url) = (client.clone(), format!("{url}/v1/events"));
            async move {
                let request = client
                    .post(url)
                    .header("X-App", "website")
                    .header("X-Forwarded-For", format!("2a02:d180::{:x}:{:x}", at >> 16, at & 0xffff))
                    .header("User-Agent", USER_AGENTS[at % USER_AGENTS.len()])
                    .header("Accept-Language", "en");
                let answer = request.json(&batch(at)).send().await?;
                let status = answer.status();
                let answer: Value = answer.json().await?;
                anyhow::ensure!(answer["accepted"] == BATCH_EVENTS, "the gateway responded {status}: {answer}");
                Ok(())
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_for_each(|()| async { Ok(()) })
        .await
}
