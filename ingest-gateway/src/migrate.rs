//! Bringing the tables up to date: the numbered files of provisioning/clickhouse, each
//! one statement, applied once, in order, and recorded with its checksum.

use anyhow::{Context, ensure};
use clickhouse::Client;
use sha2::{Digest, Sha256};

/// Number, name and statement, in order.
pub const MIGRATIONS: [(u32, &str, &str); 2] = [
    (1, "events", include_str!("../../provisioning/clickhouse/0001_events.sql")),
    (2, "data_view", include_str!("../../provisioning/clickhouse/0002_data_view.sql")),
];

const RECORDS: &str = "CREATE TABLE IF NOT EXISTS analytics.schema_migrations \
    (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) \
    ENGINE = ReplacingMergeTree ORDER BY version";

/// Applies what is missing. Running it again, or two at once, does no harm: each
/// statement is idempotent.
///
/// # Errors
/// If ClickHouse refuses a statement, if a recorded file was changed afterwards, or if
/// the tables are newer than this program.
pub async fn apply(client: &Client) -> anyhow::Result<Vec<String>> {
    run(client, "CREATE DATABASE IF NOT EXISTS analytics").await?;
    run(client, RECORDS).await?;
    let recorded: Vec<(u32, String)> = client
        .query_raw("SELECT version, checksum FROM analytics.schema_migrations FINAL ORDER BY version")
        .fetch_all()
        .await
        .context("cannot read analytics.schema_migrations")?;
    let newest = MIGRATIONS[MIGRATIONS.len() - 1].0;
    if let Some((version, _)) = recorded.iter().find(|(version, _)| *version > newest) {
        anyhow::bail!("the tables are at version {version}, this program knows {newest}: install a newer one");
    }
    let mut steps = Vec::new();
    for (version, name, sql) in MIGRATIONS {
        let checksum = hex(&Sha256::digest(sql.as_bytes()));
        if let Some((_, known)) = recorded.iter().find(|(v, _)| *v == version) {
            ensure!(
                *known == checksum,
                "migration {version:04}_{name} was changed after it was applied: restore the file"
            );
            steps.push(format!("{version:04}_{name}: was applied before"));
            continue;
        }
        run(client, sql).await.with_context(|| format!("migration {version:04}_{name}"))?;
        client
            .query_raw("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT {version:UInt32}, {name:String}, {checksum:String}")
            .param("version", version)
            .param("name", name)
            .param("checksum", &checksum)
            .execute()
            .await?;
        steps.push(format!("{version:04}_{name}: applied"));
    }
    Ok(steps)
}

async fn run(client: &Client, sql: &str) -> anyhow::Result<()> {
    client.query_raw(sql.trim().trim_end_matches(';')).execute().await.map_err(Into::into)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
