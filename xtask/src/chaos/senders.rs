//! Clients that send one event after another, each until it is answered 201.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::json;
use tokio::{sync::Mutex, task::JoinSet};

use super::topic::{FIRST_MS, KIND};

const VISITORS: usize = 24;
const RETRY_PAUSE: Duration = Duration::from_millis(50);
const REQUEST_TIME_MAX: Duration = Duration::from_secs(35);
/// An event that is not taken for so long is never taken.
const RETRIES_MAX: usize = 2_000;

/// One for each visitor.
pub struct Senders {
    tasks: Mutex<JoinSet<anyhow::Result<usize>>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_over: AtomicBool,
    retries: AtomicUsize,
}

impl Senders {
    /// Begins to send.
    pub fn start(url: &str) -> Self {
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        for visitor in 0..VISITORS {
            tasks.spawn(send_on(format!("{url}/v1/events"), visitor, Arc::clone(&state)));
        }
        Self { tasks: Mutex::new(tasks), state }
    }

    /// Ends with the events that are being sent; the acknowledged events, and the requests that were repeated.
    ///
    /// # Errors
    /// If an event was refused for good.
    pub async fn stop(&self) -> anyhow::Result<(usize, usize)> {
        self.state.is_over.store(true, Ordering::Relaxed);
        let mut acknowledged = 0;
        while let Some(sent) = self.tasks.lock().await.join_next().await {
            acknowledged += sent??;
        }
        Ok((acknowledged, self.state.retries.load(Ordering::Relaxed)))
    }
}

/// Returns how many were acknowledged.
async fn send_on(url: String, visitor: usize, state: Arc<State>) -> anyhow::Result<usize> {
    let client = Client::builder().timeout(REQUEST_TIME_MAX).build()?;
    for n in 0.. {
        if state.is_over.load(Ordering::Relaxed) {
            return Ok(n);
        }
        let at = FIRST_MS + i64::try_from(n)?;
        let event =
            json!({"type": KIND, "user_id": visitor.to_string(), "timestamp": at, "details": {"n": n.to_string()}});
        for attempt in 0.. {
            let answer = client.post(&url).header("X-App", "app").json(&event).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(201) => break,
                Ok(503) | Err(_) => {}
                Ok(status) => anyhow::bail!("event {n} of visitor {visitor} was answered {status}"),
            }
            ensure!(attempt < RETRIES_MAX, "event {n} of visitor {visitor} is never taken");
            state.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
    None.context("events without end")
}
