//! One runner at a time. ClickHouse makes a table of a name only once, so the runner who
//! makes `analytics.migration_lock_<n>` has the turn. It writes a row every few seconds;
//! if it was cut off, the next runner makes the table with the next number.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clickhouse::Client;
use tokio::task::JoinHandle;

use crate::exception;

/// A holder that has not written for so long is gone.
const SILENCE_S_MAX: i64 = 20;
const BEAT_PAUSE: Duration = Duration::from_secs(3);
/// Waiting for a living holder.
const WAIT_MAX: Duration = Duration::from_secs(30 * 60);
const WAIT_PAUSE: Duration = Duration::from_millis(300);
/// Between two words about it.
const SAY_PAUSE: Duration = Duration::from_secs(60);
const PREFIX: &str = "migration_lock_";

/// The turn; give it back by [`Lock::release`].
pub struct Lock {
    number: u64,
    beat: JoinHandle<()>,
}

/// Waits for the turn.
///
/// # Errors
/// If ClickHouse refuses, or another runner keeps the turn for half an hour.
pub async fn take(client: &Client) -> anyhow::Result<Lock> {
    let started = Instant::now();
    let mut said = None;
    loop {
        let newest = held(client).await?.into_iter().max();
        let number = match newest {
            None => Some(1),
            Some(number) if silence_s(client, number).await? > SILENCE_S_MAX => Some(number + 1),
            Some(_) => None,
        };
        if let Some(number) = number {
            let made = client.query_raw(&format!(
                "CREATE TABLE analytics.{PREFIX}{number} (at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY at"
            ));
            match made.execute().await {
                Ok(()) => {
                    beat(client, number).await?;
                    return Ok(Lock { number, beat: tokio::spawn(keep_beating(client.clone(), number)) });
                }
                // Another runner was faster.
                Err(error) if exception::code(&error) == Some(exception::TABLE_ALREADY_EXISTS) => {}
                Err(error) => return Err(error).context("cannot take the turn to migrate"),
            }
        }
        let waited = started.elapsed();
        if waited > WAIT_MAX {
            bail!(
                "another runner has been migrating for more than {} min: see the tables analytics.{PREFIX}…",
                WAIT_MAX.as_secs() / 60
            );
        }
        if said.is_none_or(|at: Instant| at.elapsed() > SAY_PAUSE) {
            said = Some(Instant::now());
            tracing::info!("another runner has been migrating for {} min; waiting for it", waited.as_secs() / 60);
        }
        tokio::time::sleep(WAIT_PAUSE).await;
    }
}

impl Lock {
    /// Lets the next runner go on.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn release(self, client: &Client) -> anyhow::Result<()> {
        self.beat.abort();
        for number in held(client).await?.into_iter().filter(|number| *number <= self.number) {
            client.query_raw(&format!("DROP TABLE IF EXISTS analytics.{PREFIX}{number}")).execute().await?;
        }
        Ok(())
    }
}

/// A runner that was stopped midway beats no more, so that the next one goes on.
impl Drop for Lock {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

async fn held(client: &Client) -> anyhow::Result<Vec<u64>> {
    let names: Vec<String> = client
        .query_raw(
            "SELECT name FROM system.tables WHERE database = 'analytics' AND startsWith(name, 'migration_lock_')",
        )
        .fetch_all()
        .await?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok()).collect())
}

/// Seconds since the holder wrote, or made the table, by ClickHouse's own clock.
async fn silence_s(client: &Client, number: u64) -> anyhow::Result<i64> {
    let made: Option<i64> = client
        .query_raw("SELECT dateDiff('second', metadata_modification_time, now()) FROM system.tables WHERE database = 'analytics' AND name = {name:String}")
        .param("name", format!("{PREFIX}{number}"))
        .fetch_optional()
        .await?;
    let Some(made) = made else { return Ok(0) };
    let sql = format!(
        "SELECT if(count() = 0, {SILENCE_S_MAX} + 1, dateDiff('second', max(at), now64(3))) FROM analytics.{PREFIX}{number}"
    );
    match client.query_raw(&sql).fetch_one::<i64>().await {
        Ok(beat) => Ok(beat.min(made)),
        // Gone by now: an ended turn.
        Err(error) if exception::code(&error) == Some(exception::UNKNOWN_TABLE) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

async fn beat(client: &Client, number: u64) -> Result<(), clickhouse::error::Error> {
    client.query_raw(&format!("INSERT INTO analytics.{PREFIX}{number} SELECT now64(3)")).execute().await
}

async fn keep_beating(client: Client, number: u64) {
    while beat(&client, number).await.is_ok() {
        tokio::time::sleep(BEAT_PAUSE).await;
    }
}
