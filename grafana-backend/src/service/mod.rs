//! The plugin's gRPC services, one file each.

mod cache;
mod data;
mod diagnostics;
mod metrics;
mod plan;
mod resource;
mod schema;
mod stream;

use std::{sync::Arc, time::Duration};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    clickhouse::{ClickHouse, connect::Connections},
    error::QueryError,
    forwarded::with_forwarded,
    protocol::PluginContext,
    settings::Settings,
};
use cache::Cache;
use metrics::Metrics;

/// Queries of this plugin that run in ClickHouse at once.
const CONCURRENT_QUERIES_MAX: usize = 32;
/// Suggestions, plans and health checks at once: apart from the panels, so that neither waits for the other.
const CONCURRENT_EDITS_MAX: usize = 8;
/// Streams of live numbers at once.
const STREAMS_MAX: usize = 64;
/// Any of them waits at most so long for its turn.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What the services share.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    slots: Semaphore,
    edit_slots: Semaphore,
    stream_slots: Arc<Semaphore>,
    connections: Connections,
    cache: Cache,
    metrics: Metrics,
}

impl Default for Service {
    fn default() -> Self {
        let shared = Shared {
            slots: Semaphore::new(CONCURRENT_QUERIES_MAX),
            edit_slots: Semaphore::new(CONCURRENT_EDITS_MAX),
            stream_slots: Arc::new(Semaphore::new(STREAMS_MAX)),
            connections: Connections::default(),
            cache: Cache::default(),
            metrics: Metrics::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

/// Waits for a turn.
async fn turn(slots: &Semaphore, of: usize) -> Result<SemaphorePermit<'_>, QueryError> {
    match tokio::time::timeout(WAIT_MAX, slots.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(QueryError::Busy(of)),
    }
}

impl Service {
    /// A turn for what is not a panel's query.
    async fn edit_turn(&self) -> Result<SemaphorePermit<'_>, QueryError> {
        turn(&self.shared.edit_slots, CONCURRENT_EDITS_MAX).await
    }

    /// The request's settings with what they want passed on of its headers, and ClickHouse as they say.
    fn open<'h>(
        &self,
        context: Option<&PluginContext>,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
    ) -> Result<(Settings, ClickHouse), QueryError> {
        let settings = with_forwarded(Settings::read(context)?, headers);
        let clickhouse = self.shared.connections.of(&settings)?.clickhouse;
        Ok((settings, clickhouse))
    }
}
