//! ClickHouse and what is in it.

use clickhouse::Client;

use super::{ANSWER_TIME_MAX, Options, finding::Finding, now_ms};
use crate::{
    config::Config,
    exception,
    migrate::{self, NEWEST, RecordsError},
    operate::{Tables, reading, retention},
    projects,
};

/// Clocks that differ by more make events look late or from the future.
const CLOCK_WARN_MS: i64 = 2_000;
const CLOCK_FAIL_MS: i64 = 60_000;
/// Names in one finding.
const PROJECTS_TOLD_MAX: usize = 20;

/// Its version, clock, tables, disks and events; only why it cannot be reached if so.
pub async fn check(options: &Options, config: &Config) -> Vec<Finding> {
    let (client, engine) = match config.clickhouse.open(&config.data).await {
        Ok(opened) => opened,
        Err(error) => {
            return vec![Finding::fail(
                "clickhouse",
                format!("{error:#}"),
                "set CLICKHOUSE_URL, or run `cargo xtask engine` for the embedded one",
            )];
        }
    };
    let mut findings = Vec::new();
    match ask(&client).await {
        Ok((version, skew_ms)) => {
            findings.push(version);
            findings.push(clock(skew_ms));
            findings.push(migrations(&client).await);
            findings.extend(settings(config, &client).await);
            findings.extend(disks(&client, options.disk_free_bytes_min).await);
            findings.push(freshness(&client).await);
        }
        Err(why) => findings.push(why),
    }
    if let Some(engine) = engine
        && let Err(error) = engine.stop().await
    {
        findings.push(Finding::warn("clickhouse", error.to_string(), "the embedded engine did not stop in order"));
    }
    findings
}

/// Whether the server of `CLICKHOUSE_URL` answers.
pub async fn answers(config: &Config) -> Finding {
    match config.clickhouse.connect(&config.data).await {
        Ok((client, _)) => ask(&client).await.map_or_else(|why| why, |(version, _)| version),
        Err(error) => Finding::fail("clickhouse", format!("{error:#}"), "set CLICKHOUSE_URL"),
    }
}

/// Its version, and by how much this machine's clock is ahead of its own; or why it does not answer.
async fn ask(client: &Client) -> Result<(Finding, i64), Finding> {
    let before_ms = now_ms();
    let asked = client.query_raw("SELECT version(), toUnixTimestamp64Milli(now64(3))").fetch_one::<(String, i64)>();
    match tokio::time::timeout(ANSWER_TIME_MAX, asked).await {
        Ok(Ok((version, theirs_ms))) => {
            let skew_ms = (before_ms + now_ms()) / 2 - theirs_ms;
            Ok((Finding::ok("clickhouse", format!("version {version}")), skew_ms))
        }
        Ok(Err(error)) => {
            let advice = match exception::code(&error) {
                Some(exception::AUTHENTICATION_FAILED) => "check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
                _ => "is the server up, and CLICKHOUSE_URL its HTTP address (port 8123)?",
            };
            Err(Finding::fail("clickhouse", error.to_string(), advice))
        }
        Err(_) => Err(Finding::fail(
            "clickhouse",
            format!("no answer in {} s", ANSWER_TIME_MAX.as_secs()),
            "is the server overloaded, or a firewall between?",
        )),
    }
}

/// `skew_ms`: this machine's clock less ClickHouse's.
fn clock(skew_ms: i64) -> Finding {
    let seen = format!("{} ms between this machine and ClickHouse", skew_ms.abs());
    let advice = "set both clocks by NTP (timedatectl set-ntp true)";
    match skew_ms.abs() {
        ms if ms > CLOCK_FAIL_MS => Finding::fail("clock", seen, advice),
        ms if ms > CLOCK_WARN_MS => Finding::warn("clock", seen, advice),
        _ => Finding::ok("clock", seen),
    }
}

async fn migrations(client: &Client) -> Finding {
    let known = match migrate::recorded(client).await {
        Ok(known) => known,
        Err(error) => return without_records(&error),
    };
    for migration in &migrate::MIGRATIONS {
        match known.iter().find(|(version, _)| *version == migration.version) {
            None => {
                let seen = format!("{} of {NEWEST} are applied", known.len());
                return Finding::fail("migrations", seen, "run `ingest-gateway migrate`");
            }
            Some((version, sum)) if *sum != migration.checksum() => {
                let seen = format!("migration {version} was another one when it was applied");
                return Finding::fail(
                    "migrations",
                    seen,
                    "restore the file of provisioning/clickhouse, or this version of the gateway",
                );
            }
            Some(_) => {}
        }
    }
    Finding::ok("migrations", format!("all {NEWEST} are applied"))
}

/// Whether events are kept and read as the file of projects says; nothing if there is none, or the tables are not there.
async fn settings(config: &Config, client: &Client) -> Vec<Finding> {
    let Ok(settings) = config.projects.read(&config.project_defaults()) else { return Vec::new() };
    let tables = Tables { client: client.clone(), cluster: None };
    let (days, readings) = (projects::retention_days(&settings), projects::readings(&settings));
    let mut findings = Vec::new();
    if let Some(known) = retention::known(&tables).await.ok().filter(|_| !days.is_empty()) {
        let others = days.iter().filter(|(project, days)| known.get(*project).unwrap_or(&0) != *days);
        findings.push(as_the_file_says("retention", days.len(), others.map(|(project, _)| project.as_str())));
    }
    if let Some(known) = reading::known(&tables).await.ok().filter(|_| !readings.is_empty()) {
        let others = reading::differing(&known, &readings);
        findings.push(as_the_file_says("reading", readings.len(), others.keys().map(String::as_str)));
    }
    findings
}

/// Of so many projects, these `others` are not.
fn as_the_file_says<'p>(name: &'static str, projects: usize, others: impl Iterator<Item = &'p str>) -> Finding {
    let others: Vec<&str> = others.take(PROJECTS_TOLD_MAX).collect();
    match others[..] {
        [] => Finding::ok(name, format!("as the file of projects says, of {projects} projects")),
        _ => Finding::warn(
            name,
            format!("not as the file of projects says: {}", others.join(", ")),
            "the gateway sets it within seconds; with Kafka, run `ingest-gateway migrate`",
        ),
    }
}

fn without_records(error: &RecordsError) -> Finding {
    let (seen, advice) = match error {
        RecordsError::Absent => ("none was ever applied".to_owned(), "run `ingest-gateway migrate`"),
        RecordsError::Newer { .. } => {
            (error.to_string(), "install the gateway that migrated the tables, or a newer one")
        }
        RecordsError::Unreadable(cause) => (
            format!("{error}: {cause}"),
            "the user of CLICKHOUSE_USER needs SELECT on it: provisioning/clickhouse-users/users.sql",
        ),
    };
    Finding::fail("migrations", seen, advice)
}

async fn disks(client: &Client, free_bytes_min: u64) -> Vec<Finding> {
    let disks = client
        .query_raw("SELECT name, unreserved_space, total_space FROM system.disks")
        .fetch_all::<(String, u64, u64)>()
        .await;
    let Ok(disks) = disks else {
        return vec![Finding::warn("disk", "ClickHouse does not tell its disks", "grant SELECT ON system.disks")];
    };
    let gib = |bytes: u64| bytes >> 30;
    let each = disks.into_iter().map(|(name, free, total)| {
        let seen = format!("{name}: {} of {} GiB free", gib(free), gib(total));
        match free {
            free if free < free_bytes_min => {
                let advice = format!("free space until {} GiB are left: `ingest-gateway retention --project … --days …`, or a larger disk", gib(free_bytes_min));
                Finding::fail("disk", seen, advice)
            }
            free if free / 2 < free_bytes_min => Finding::warn("disk", seen, "plan for a larger disk, or a shorter retention"),
            _ => Finding::ok("disk", seen),
        }
    });
    each.collect()
}

async fn freshness(client: &Client) -> Finding {
    let newest = client
        .query_raw("SELECT count(), toUnixTimestamp64Milli(max(ts)) FROM analytics.events WHERE ts > now() - INTERVAL 1 DAY AND ts <= now() + INTERVAL 1 MINUTE")
        .fetch_one::<(u64, i64)>()
        .await;
    match newest {
        Ok((0, _)) => Finding::warn("events", "none in the last 24 hours", "send one: the README's curl does"),
        Ok((count, at_ms)) => Finding::ok(
            "events",
            format!("{count} in the last 24 hours, the newest {} s ago", (now_ms() - at_ms) / 1000),
        ),
        Err(_) => Finding::warn("events", "the table cannot be read", "run `ingest-gateway migrate`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::doctor::State;

    #[test]
    fn a_clock_that_is_off_is_named_either_way() {
        assert_eq!(clock(1_500).state, State::Ok);
        assert_eq!(clock(-30_000).state, State::Warn);
        for skew_ms in [120_000, -120_000] {
            let finding = clock(skew_ms);
            assert_eq!(finding.state, State::Fail);
            assert!(finding.advice.contains("NTP") && finding.seen.contains("120000 ms"), "{finding:?}");
        }
    }
}
