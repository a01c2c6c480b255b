//! One insert into ClickHouse.

use std::{sync::Arc, time::Duration};

use clickhouse::Client;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::block::{Block, Months};
use crate::metrics::Metrics;

/// Rows in one insert, and bytes before compression, at most; a single block may be over it.
const INSERT_ROWS_MAX: usize = 20_000;
/// As above.
const INSERT_BYTES_MAX: usize = 16 << 20;
/// Compressed at a time.
const PIECE_BYTES: usize = 256 << 10;
/// One insert's sending and its commit, each.
const INSERT_TIME_MAX: Duration = Duration::from_secs(20);
const INSERT: &str = "INSERT INTO analytics.events FORMAT JSONEachRow";

/// Inserts blocks. A failed insert of the same blocks can be repeated: it has the same deduplication token, so that
/// one whose answer was lost is not stored twice.
#[derive(Clone)]
pub struct Inserter {
    client: Client,
    metrics: Arc<Metrics>,
}

/// How much one insert holds so far.
#[derive(Debug, Default)]
pub struct InsertSize {
    rows: usize,
    bytes: usize,
    months: Months,
}

impl InsertSize {
    /// That of an insert of these blocks.
    pub fn of(blocks: &[Block]) -> Self {
        let mut size = Self::default();
        for block in blocks {
            size.add(block.count, block.rows.len(), &block.months);
        }
        size
    }

    /// Adds a block; says whether the insert is within its limits with it.
    pub fn add(&mut self, rows: usize, bytes: usize, months: &Months) -> bool {
        self.rows += rows;
        self.bytes += bytes;
        self.rows <= INSERT_ROWS_MAX && self.bytes <= INSERT_BYTES_MAX && self.months.join(months)
    }

    /// Whether it is more than half of what an insert may hold.
    pub fn is_large(&self) -> bool {
        self.rows > INSERT_ROWS_MAX / 2 || self.bytes > INSERT_BYTES_MAX / 2
    }
}

impl Inserter {
    /// With a client for ClickHouse.
    pub fn new(client: Client, metrics: Arc<Metrics>) -> Self {
        // The number of months is limited here; ClickHouse's own limit is lower in some set-ups.
        Self { client: client.with_setting("max_partitions_per_insert_block", "0"), metrics }
    }

    /// Inserts the blocks in one go.
    ///
    /// # Errors
    /// If it is not certain that all are stored.
    pub async fn insert(&self, blocks: &[Block]) -> Result<(), clickhouse::error::Error> {
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        self.metrics.insert_rows.observe(blocks.iter().map(|block| block.count).sum::<usize>() as f64);
        let insert =
            self.client.insert_formatted_with(INSERT).with_setting("insert_deduplication_token", token(blocks));
        // Repeated, it fills the view as well, whose insert may be what failed: not every ClickHouse does so by itself.
        let insert = insert.with_setting("deduplicate_blocks_in_dependent_materialized_views", "1");
        let insert = insert.with_timeouts(Some(INSERT_TIME_MAX), Some(INSERT_TIME_MAX));
        let mut insert = insert.buffered_with_capacity(PIECE_BYTES);
        for block in blocks {
            // Piece by piece: no copy of all rows is made.
            let mut rest = &*block.rows;
            while !rest.is_empty() {
                let written = insert.write(rest).await?;
                rest = &rest[written..];
            }
        }
        insert.end().await
    }
}

/// The same for the same rows.
fn token(blocks: &[Block]) -> String {
    let mut hasher = Sha256::new();
    blocks.iter().for_each(|block| hasher.update(&block.rows));
    let digest = hasher.finalize();
    // The digest is twice as long.
    let half: [u8; 16] = std::array::from_fn(|at| digest[at]);
    Uuid::from_bytes(half).to_string()
}
