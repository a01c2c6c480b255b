//! Answers, cached for a few seconds. Panels of a dashboard often ask the same (six numbers out of
//! one row), and so do several viewers: the question is asked once, the others wait for its answer,
//! or its error: who waited for a question that failed does not ask it once more, one after another.
//! An error is forgotten at once.

use std::sync::Arc;

use quick_cache::{Weighter, sync};

use crate::{error::QueryError, frame::Frame, questions::registry::Query, scope::Scope, settings::Settings};

/// Bytes of cached answers.
const CACHE_BYTES_MAX: u64 = 64 << 20;
/// About how many those are.
const ANSWERS_EXPECTED: usize = 1_000;

/// A question's frames.
pub type Answer = Arc<Vec<Frame>>;

/// An answer, and where it is from.
#[derive(Debug)]
pub enum Found {
    /// The cache.
    Cached(Answer),
    /// ClickHouse, just now.
    Asked(Answer),
}

impl Found {
    /// The answer, wherever it is from.
    pub fn into_answer(self) -> Answer {
        match self {
            Self::Cached(answer) | Self::Asked(answer) => answer,
        }
    }
}

/// Answers by question.
pub struct Cache(sync::Cache<String, Result<Answer, QueryError>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Result<Answer, QueryError>> for ByBytes {
    fn weight(&self, key: &String, answer: &Result<Answer, QueryError>) -> u64 {
        let bytes = answer.as_ref().map_or(0, |answer| answer.iter().map(Frame::size_bytes).sum::<usize>());
        (key.len() + bytes) as u64 + 1
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self(sync::Cache::with_weighter(ANSWERS_EXPECTED, CACHE_BYTES_MAX, ByBytes))
    }
}

impl Cache {
    /// The cached answer, or that of `ask`. Whoever asks the same meanwhile waits; if the one that
    /// asks is cancelled, the next one asks.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn get(
        &self,
        key: String,
        ask: impl Future<Output = Result<Vec<Frame>, QueryError>>,
    ) -> Result<Found, QueryError> {
        match self.0.get_value_or_guard_async(&key).await {
            Ok(answer) => answer.map(Found::Cached),
            Err(guard) => {
                let answer = ask.await.map(Arc::new);
                // Where it was removed meanwhile there is nothing to cache.
                let _ = guard.insert(answer.clone());
                if answer.is_err() {
                    self.0.remove(&key);
                }
                answer.map(Found::Asked)
            }
        }
    }
}

/// What makes two questions the same within the settings' seconds; `None` if answers are
/// not cached. `connection` stands for all settings, secrets included.
#[must_use]
pub fn key(connection: u64, query: &Query, settings: &Settings) -> Option<String> {
    let is_cached = query.question.is_cacheable();
    let seconds = i64::try_from(settings.cache_seconds).ok().filter(|seconds| is_cached && *seconds > 0)?;
    let now = query.scope.now_ms.div_euclid(seconds * 1000);
    let scope = Scope { now_ms: 0, ..query.scope.clone() };
    Some(format!("{connection} {now} {} {scope:?} {:?}", query.kind, query.question))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_question_that_fails_gets_its_error() {
        let (cache, asked) = (Cache::default(), AtomicUsize::new(0));
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Err(QueryError::Timeout(60))
        };
        let answers = futures_util::future::join_all((0..10).map(|_| cache.get("k".into(), ask()))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(QueryError::Timeout(60)))));
        assert_eq!(asked.load(Ordering::Relaxed), 1, "ten viewers wait for one question");
        cache.get("k".into(), ask()).await.unwrap_err();
        assert_eq!(asked.load(Ordering::Relaxed), 2, "and who comes later asks again");
    }
}
