//! The plugin's gRPC services, one file each.

mod cache;
mod data;
mod diagnostics;
mod metrics;
mod plan;
mod resource;
mod stream;

use std::sync::Arc;

use grafana_plugin_sdk::pluginv2::PluginContext;
use tokio::sync::Semaphore;

use crate::{
    clickhouse::{ClickHouse, connect::Connections},
    error::QueryError,
    settings::Settings,
};
use cache::Cache;
use metrics::Metrics;

/// Queries of this plugin that run in ClickHouse at once.
const CONCURRENT_QUERIES_MAX: usize = 32;

/// What the services share.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    slots: Semaphore,
    connections: Connections,
    cache: Cache,
    metrics: Metrics,
}

impl Default for Service {
    fn default() -> Self {
        let shared = Shared {
            slots: Semaphore::new(CONCURRENT_QUERIES_MAX),
            connections: Connections::default(),
            cache: Cache::default(),
            metrics: Metrics::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Service {
    /// The request's settings, and ClickHouse as they say.
    fn open(&self, context: Option<&PluginContext>) -> Result<(Settings, ClickHouse), QueryError> {
        let settings = Settings::read(context)?;
        let (_, clickhouse) = self.shared.connections.of(&settings)?;
        Ok((settings, clickhouse))
    }
}
