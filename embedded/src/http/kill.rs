//! Ending queries: `KILL QUERY … SYNC`, and those whose clients have gone away.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{engine::Engine, refusal::Refusal, sql::QUERY_ID_IN_ENGINE};

/// `KILL QUERY … SYNC` waits at most so long.
const KILL_WAIT_MAX: Duration = Duration::from_secs(30);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Waits until no query of this condition runs: the engine's own SYNC ends the process in this version.
///
/// # Errors
/// If the engine refuses the condition.
pub fn wait_for_end(engine: &Engine, condition: &str, bound: &[(String, String)]) -> Result<(), Refusal> {
    let started = Instant::now();
    let running = format!(
        "SELECT count() FROM system.processes WHERE ({condition}) AND query NOT LIKE 'SELECT count() FROM system.processes%'"
    );
    while started.elapsed() < KILL_WAIT_MAX {
        if engine.connect()?.query(&running, "TSV", bound)?.bytes() == b"0\n" {
            break;
        }
        std::thread::sleep(LOOK_PAUSE);
    }
    Ok(())
}

/// Kills the query when its client goes away before the end.
pub struct KillOnDrop {
    engine: Option<Arc<Engine>>,
    query_id: String,
}

impl KillOnDrop {
    pub fn new(engine: Arc<Engine>, query_id: String) -> Self {
        Self { engine: Some(engine), query_id }
    }

    /// The query has ended by itself.
    pub fn disarm(&mut self) {
        self.engine = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let (Some(engine), Ok(runtime)) = (self.engine.take(), tokio::runtime::Handle::try_current()) else { return };
        let query_id = std::mem::take(&mut self.query_id);
        runtime.spawn_blocking(move || {
            if !engine.is_running(&query_id) {
                return;
            }
            let sql = format!("KILL QUERY WHERE {QUERY_ID_IN_ENGINE} = {{query_id:String}}");
            let killed = engine.connect().and_then(|mut connection| {
                connection.query(&sql, "Null", &[("query_id".into(), query_id)])?;
                Ok(())
            });
            if let Err(error) = killed {
                tracing::warn!(%error, "a query whose client is gone could not be killed");
            }
        });
    }
}
