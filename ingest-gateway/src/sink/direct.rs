//! Enrich in this process and insert into ClickHouse, in batches shared by all requests.
//!
//! Live events and old ones go different ways: a backfill touches many months, each of which is a
//! part of its own, and what happens now does not wait behind it.

use std::{sync::Arc, time::Duration};

use clickhouse::Client;
use vector_components::Enricher;

use super::{
    Identified, NotDurable, NotReady,
    block::{Block, blocks},
    drain::Drain,
    insert::Inserter,
    lane::Lane,
};
use crate::{
    gate::Gate,
    heal::Healer,
    in_flight::Held,
    journal::{self, Journal, Record},
    metrics::Metrics,
};

const PING_TIME_MAX: Duration = Duration::from_secs(2);

/// The sink's handle, shared by the requests.
pub struct Direct {
    enricher: Arc<Enricher>,
    client: Client,
    healer: Healer,
    way: Way,
}

/// When a request is answered.
enum Way {
    /// When its rows are in the journal, from which they are inserted.
    Journal { journal: Arc<Journal>, drains: [Drain; 2] },
    /// When ClickHouse has them.
    Wait { live: Lane, backfill: Lane },
}

impl Direct {
    /// Starts the inserters; with a journal they begin with what it holds, as soon as the gate is open.
    #[must_use]
    pub fn start(
        client: Client,
        enricher: Arc<Enricher>,
        healer: Healer,
        interval: Duration,
        journal: Option<(Journal, Gate)>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let inserter = Inserter::new(client.clone(), metrics);
        let way = match journal {
            Some((journal, gate)) => {
                let journal = Arc::new(journal);
                let drain = |lane| Drain::start(Arc::clone(&journal), lane, inserter.clone(), interval, gate.clone());
                let drains = journal::Lane::ALL.map(drain);
                Way::Journal { journal, drains }
            }
            None => {
                let lane = || Lane::start(inserter.clone(), interval);
                Way::Wait { live: lane(), backfill: lane() }
            }
        };
        Self { enricher, client, healer, way }
    }

    /// Enriches and makes durable.
    pub(super) async fn store(&self, events: &[Identified<'_>], held: &mut Held) -> Result<(), NotDurable> {
        let blocks = blocks(&self.enricher, events, held)?;
        match &self.way {
            Way::Journal { journal, .. } => Ok(journal.append(blocks.into_iter().map(record).collect()).await?),
            Way::Wait { live, backfill } => {
                let queue = |block: Block| if block.is_live { live.queue(block) } else { backfill.queue(block) };
                let inserted: Result<Vec<_>, _> = blocks.into_iter().map(queue).collect();
                let inserted = inserted?;
                let watch = self.healer.watch(events.iter().map(|of| of.event.timestamp_ms));
                for inserted in inserted {
                    inserted.await.unwrap_or(Err(NotDurable::Stopping))?;
                }
                watch.settled();
                Ok(())
            }
        }
    }

    /// With a journal as long as it takes events, whatever ClickHouse does.
    pub(super) async fn ready(&self) -> Result<(), NotReady> {
        if let Way::Journal { journal, .. } = &self.way {
            return Ok(journal.check()?);
        }
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
        match self.way {
            Way::Journal { journal, drains: [live, backfill] } => {
                tokio::join!(live.close(), backfill.close());
                if let Some(journal) = Arc::into_inner(journal) {
                    journal.close().await;
                }
            }
            Way::Wait { live, backfill } => {
                live.close().await;
                backfill.close().await;
            }
        }
        self.healer.close().await;
    }
}

fn record(block: Block) -> Record {
    Record {
        lane: if block.is_live { journal::Lane::Live } else { journal::Lane::Backfill },
        events: block.count,
        months: block.months.into(),
        bytes: block.rows,
    }
}
