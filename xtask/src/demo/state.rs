//! What earlier runs of the demo sent, so that the next one goes on from there.

use std::{fs, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{DAY_MS, Options};

/// What an earlier run sent.
#[derive(Serialize, Deserialize, Default)]
pub struct State {
    pub seed: u64,
    /// When the year ends: the last midnight before the first run, in UTC.
    pub anchor_ms: i64,
    pub events_min: usize,
    /// `false` until the whole year is sent; an interrupted run sends it again, and
    /// since the events are the same, none is stored twice.
    pub complete: bool,
    pub sent: usize,
    pub live: usize,
}

impl State {
    /// Of the folder's runs; of a first run if there were none.
    pub fn read(data: &Path, options: &Options) -> anyhow::Result<Self> {
        match fs::read_to_string(data.join("demo.json")) {
            Ok(text) => serde_json::from_str(&text).context("demo.json is damaged: run `cargo xtask demo --reset`"),
            Err(_) => {
                let now_ms = chrono::Utc::now().timestamp_millis();
                let anchor_ms = now_ms - now_ms.rem_euclid(DAY_MS);
                let state = Self { seed: options.seed, anchor_ms, events_min: options.events, ..Self::default() };
                state.write(data)?;
                Ok(state)
            }
        }
    }

    /// Writes it to the folder.
    pub fn write(&self, data: &Path) -> anyhow::Result<()> {
        Ok(fs::write(data.join("demo.json"), serde_json::to_string(self)?)?)
    }
}
