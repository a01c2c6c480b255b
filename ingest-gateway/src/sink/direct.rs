//! Enrich in this process and insert into ClickHouse, in batches shared by all requests.
//!
//! Live events and old ones go different ways: a backfill touches many months, each of which is a
//! part of its own, and what happens now does not wait behind it.

use std::{sync::Arc, time::Duration};

use clickhouse::Client;
use vector_components::Enricher;

use super::{Identified, NotDurable, NotReady, block::blocks, insert::Lane};
use crate::{heal::Healer, in_flight::Held, metrics::Metrics};

const PING_TIME_MAX: Duration = Duration::from_secs(2);

/// The sink's handle, shared by the requests.
pub struct Direct {
    enricher: Arc<Enricher>,
    client: Client,
    healer: Healer,
    live: Lane,
    backfill: Lane,
}

impl Direct {
    /// Starts the inserters.
    #[must_use]
    pub fn start(
        client: Client,
        enricher: Arc<Enricher>,
        healer: Healer,
        interval: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        // The number of months is limited here; ClickHouse's own limit is lower in some set-ups.
        let inserting = client.clone().with_setting("max_partitions_per_insert_block", "0");
        let lane = || Lane::start(inserting.clone(), interval, Arc::clone(&metrics));
        Self { enricher, client, healer, live: lane(), backfill: lane() }
    }

    /// Enriches, queues and waits for the commits.
    pub(super) async fn store(&self, events: &[Identified<'_>], held: &mut Held) -> Result<(), NotDurable> {
        let queue = |block: super::block::Block| {
            if block.is_live { self.live.queue(block) } else { self.backfill.queue(block) }
        };
        let inserted: Result<Vec<_>, _> = blocks(&self.enricher, events, held)?.into_iter().map(queue).collect();
        let inserted = inserted?;
        let watch = self.healer.watch(events.iter().map(|of| of.event.timestamp_ms));
        for inserted in inserted {
            inserted.await.unwrap_or(Err(NotDurable::Stopping))?;
        }
        watch.settled();
        Ok(())
    }

    pub(super) async fn ready(&self) -> Result<(), NotReady> {
        let ping =
            self.client.query_raw("SELECT count() FROM system.tables WHERE database = 'analytics' AND name = 'events'");
        match tokio::time::timeout(PING_TIME_MAX, ping.fetch_one::<u64>()).await {
            Ok(Ok(1)) => Ok(()),
            Ok(Ok(_)) => Err(NotReady::NoTable),
            Ok(Err(error)) => Err(NotReady::ClickHouse(error)),
            Err(_) => Err(NotReady::NoAnswer(PING_TIME_MAX.as_secs())),
        }
    }

    pub(super) async fn close(self) {
        self.live.close().await;
        self.backfill.close().await;
        self.healer.close().await;
    }
}
