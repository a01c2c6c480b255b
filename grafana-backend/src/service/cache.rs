//! Answers that are given again for a few seconds. Panels of a dashboard often ask the same
//! (six numbers out of one row), and so do several viewers: the question is asked once, the
//! others wait for its answer. Errors are not kept.

use std::sync::Arc;

use quick_cache::{Weighter, sync};

use crate::{error::QueryError, frame::Frame, query::Query, settings::Settings};

/// Bytes of answers that are kept.
const KEPT_BYTES_MAX: u64 = 64 << 20;
/// About how many those are.
const ANSWERS_ABOUT: usize = 1_000;

/// A question's frames.
pub type Answer = Arc<Vec<Frame>>;

/// Answers by question.
pub struct Cache(sync::Cache<String, Answer, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Answer> for ByBytes {
    fn weight(&self, key: &String, answer: &Answer) -> u64 {
        (key.len() + answer.iter().map(Frame::size_bytes).sum::<usize>()) as u64 + 1
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self(sync::Cache::with_weighter(ANSWERS_ABOUT, KEPT_BYTES_MAX, ByBytes))
    }
}

impl Cache {
    /// The kept answer, or that of `ask`, and whether it was kept. Whoever asks the same
    /// meanwhile waits; if the one that asks is cancelled, the next one asks.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn get(
        &self,
        key: String,
        ask: impl Future<Output = Result<Vec<Frame>, QueryError>>,
    ) -> Result<(Answer, bool), QueryError> {
        match self.0.get_value_or_guard_async(&key).await {
            Ok(answer) => Ok((answer, true)),
            Err(guard) => {
                let answer = Arc::new(ask.await?);
                // Where it was removed meanwhile there is nothing to keep.
                let _ = guard.insert(Arc::clone(&answer));
                Ok((answer, false))
            }
        }
    }
}

/// What makes two questions the same within the settings' seconds; `None` if answers are
/// not kept. `connection` stands for all settings, secrets included.
#[must_use]
pub fn key(connection: u64, query: &Query, settings: &Settings) -> Option<String> {
    let seconds = i64::try_from(settings.cache_seconds).ok().filter(|seconds| *seconds > 0)?;
    let now = query.now_ms.div_euclid(seconds * 1000);
    Some(format!("{connection} {now} {:?}", Query { now_ms: 0, ..query.clone() }))
}
