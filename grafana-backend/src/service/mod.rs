//! The plugin's gRPC services, one file each.

mod data;
mod diagnostics;
mod resource;

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Queries of this plugin that run in ClickHouse at once.
const CONCURRENT_QUERIES_MAX: usize = 32;

/// What the services share.
#[derive(Clone)]
pub struct Service {
    slots: Arc<Semaphore>,
}

impl Default for Service {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(CONCURRENT_QUERIES_MAX)) }
    }
}
