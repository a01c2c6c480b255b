//! `ingest-gateway doctor`: one look at everything around the gateway, and for each thing
//! that is wrong, what to do.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::bail;
use clap::Args;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, ConfigEntry, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
};

use crate::{
    config::{Config, Sink},
    exception,
    geoip::GeoFiles,
    migrate::{self, NEWEST, RecordsError},
};

const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Clocks that differ by more make events look late or from the future.
const CLOCK_WARN_MS: i64 = 2_000;
const CLOCK_FAIL_MS: i64 = 60_000;
/// Consumers that are behind by more than this share of the topic's retention are close to
/// losing events.
const LAG_SHARE_MAX: f64 = 0.5;

/// Check everything around the gateway, and say what to do.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Free space that ClickHouse's disks must have, in bytes.
    #[arg(long, default_value_t = 5 << 30)]
    pub disk_free_bytes_min: u64,
    /// The group by which Vector reads the topic.
    #[arg(long, env = "KAFKA_GROUP", default_value = "footfall-vector")]
    pub kafka_group: String,
    /// One JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work, or soon will not.
    Fail,
}

/// One check's outcome.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it came out.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do; empty if nothing.
    pub advice: String,
}

impl Finding {
    fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, state: State::Ok, seen: seen.into(), advice: String::new() }
    }

    fn warn(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warn, seen: seen.into(), advice: advice.into() }
    }

    fn fail(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Fail, seen: seen.into(), advice: advice.into() }
    }
}

/// Checks, prints, and fails if a check did.
///
/// # Errors
/// If a check failed.
pub async fn run(options: &Options, config: &Config) -> anyhow::Result<()> {
    let mut findings = clickhouse(options, config).await;
    if let Sink::Kafka { brokers, topic, .. } = &config.sink {
        let (brokers, topic, group) = (brokers.clone(), topic.clone(), options.kafka_group.clone());
        findings.extend(kafka(&brokers, &topic, &group).await);
    }
    findings.push(geoip(config));
    if options.json {
        println!("{}", serde_json::to_string(&findings)?);
    } else {
        for finding in &findings {
            let state = match finding.state {
                State::Ok => "ok  ",
                State::Warn => "warn",
                State::Fail => "FAIL",
            };
            println!("{state}  {:<18} {}", finding.check, finding.seen);
            if !finding.advice.is_empty() {
                println!("      {:<18} → {}", "", finding.advice);
            }
        }
    }
    let failed = findings.iter().filter(|finding| finding.state == State::Fail).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", findings.len());
    }
    Ok(())
}

async fn clickhouse(options: &Options, config: &Config) -> Vec<Finding> {
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
    let before_ms = now_ms();
    let asked = client.query_raw("SELECT version(), toUnixTimestamp64Milli(now64(3))").fetch_one::<(String, i64)>();
    let mut findings = Vec::new();
    match tokio::time::timeout(ANSWER_TIME_MAX, asked).await {
        Ok(Ok((version, theirs_ms))) => {
            findings.push(Finding::ok("clickhouse", format!("version {version}")));
            findings.push(clock((before_ms + now_ms()) / 2 - theirs_ms));
            findings.push(migrations(&client).await);
            findings.extend(disks(&client, options.disk_free_bytes_min).await);
            findings.push(freshness(&client).await);
        }
        Ok(Err(error)) => {
            let advice = match exception::code(&error) {
                Some(exception::AUTHENTICATION_FAILED) => "check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
                _ => "is the server up, and CLICKHOUSE_URL its HTTP address (port 8123)?",
            };
            findings.push(Finding::fail("clickhouse", error.to_string(), advice));
        }
        Err(_) => findings.push(Finding::fail(
            "clickhouse",
            format!("no answer in {} s", ANSWER_TIME_MAX.as_secs()),
            "is the server overloaded, or a firewall between?",
        )),
    }
    if let Some(engine) = engine
        && let Err(error) = engine.stop().await
    {
        findings.push(Finding::warn("clickhouse", error.to_string(), "the embedded engine did not stop in order"));
    }
    findings
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

async fn migrations(client: &clickhouse::Client) -> Finding {
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

async fn disks(client: &clickhouse::Client, free_bytes_min: u64) -> Vec<Finding> {
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

async fn freshness(client: &clickhouse::Client) -> Finding {
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

fn geoip(config: &Config) -> Finding {
    let (city, asn) = (config.geoip.as_deref(), config.geoip_asn.as_deref());
    let named = |path: Option<&Path>| path.map_or_else(|| "not set".to_owned(), |path| path.display().to_string());
    match GeoFiles::open(city, asn, config.geoip_language) {
        Ok(_) => Finding::ok(
            "geoip",
            format!("City {} (FOOTFALL_GEOIP), ASN {} (FOOTFALL_GEOIP_ASN)", named(city), named(asn)),
        ),
        Err(error) => {
            Finding::fail("geoip", format!("{error:#}"), "they must be a City and an ASN database in MaxMind's format")
        }
    }
}

async fn kafka(brokers: &str, topic: &str, group: &str) -> Vec<Finding> {
    let retention_ms = retention(brokers, topic).await;
    let (brokers, topic, group) = (brokers.to_owned(), topic.to_owned(), group.to_owned());
    let looked = tokio::task::spawn_blocking(move || topic_and_lag(&brokers, &topic, &group, retention_ms)).await;
    looked.unwrap_or_else(|error| vec![Finding::fail("kafka", error.to_string(), "this is a defect")])
}

/// The topic's retention in milliseconds; negative for ever.
async fn retention(brokers: &str, topic: &str) -> Option<i64> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().ok()?;
    let options = AdminOptions::new().request_timeout(Some(ANSWER_TIME_MAX));
    let described = admin.describe_configs([&ResourceSpecifier::Topic(topic)], &options).await.ok()?;
    let resource = described.into_iter().next()?.ok()?;
    let is_retention = |entry: &&ConfigEntry| entry.name == "retention.ms";
    resource.entries.iter().find(is_retention)?.value.as_ref()?.parse().ok()
}

fn topic_and_lag(brokers: &str, topic: &str, group: &str, retention_ms: Option<i64>) -> Vec<Finding> {
    let consumer: Result<BaseConsumer, _> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .create();
    let consumer = match consumer {
        Ok(consumer) => consumer,
        Err(error) => return vec![Finding::fail("kafka", error.to_string(), "check KAFKA_BROKERS")],
    };
    let metadata = match consumer.fetch_metadata(Some(topic), ANSWER_TIME_MAX) {
        Ok(metadata) => metadata,
        Err(error) => {
            return vec![Finding::fail("kafka", error.to_string(), "is the broker up, and KAFKA_BROKERS its address?")];
        }
    };
    let mut findings = vec![Finding::ok("kafka", format!("{} brokers", metadata.brokers().len()))];
    let partitions: Vec<i32> = metadata.topics().iter().flat_map(|t| t.partitions()).map(|p| p.id()).collect();
    if partitions.is_empty() {
        findings.push(Finding::fail(
            "kafka topic",
            format!("there is no topic {topic}"),
            "create it: provisioning/kafka/create-topics.sh",
        ));
        return findings;
    }
    let kept = match retention_ms {
        Some(ms) if ms >= 0 => format!("kept for {} h", ms / 3_600_000),
        Some(_) => "kept for ever".to_owned(),
        None => "retention unknown".to_owned(),
    };
    findings.push(Finding::ok("kafka topic", format!("{topic}: {} partitions, {kept}", partitions.len())));
    findings.push(lag(&consumer, topic, &partitions, group, retention_ms));
    findings
}

/// How far the group is behind, and how old the first event is that it has not read:
/// Kafka deletes it at the retention's end, read or not.
fn lag(consumer: &BaseConsumer, topic: &str, partitions: &[i32], group: &str, retention_ms: Option<i64>) -> Finding {
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        asked.add_partition(topic, *partition);
    }
    let Ok(committed) = consumer.committed_offsets(asked, ANSWER_TIME_MAX) else {
        return Finding::warn(
            "kafka consumers",
            format!("the offsets of {group} cannot be read"),
            "is --kafka-group Vector's group_id?",
        );
    };
    let (mut behind, mut lost, mut oldest_ms, mut reads) = (0_i64, 0_i64, 0_i64, false);
    for element in committed.elements() {
        let Ok((low, high)) = consumer.fetch_watermarks(topic, element.partition(), ANSWER_TIME_MAX) else { continue };
        let at = match element.offset() {
            Offset::Offset(at) => {
                reads = true;
                lost += (low - at).max(0);
                at.max(low)
            }
            _ => low,
        };
        behind += high - at;
        if high > at {
            oldest_ms = oldest_ms.max(age_ms(consumer, topic, element.partition(), at).unwrap_or(0));
        }
    }
    let seen = format!("{group} is {behind} events behind, the first of them {} s old", oldest_ms / 1000);
    if lost > 0 {
        let advice =
            "Kafka has deleted events before they were read: raise retention.ms, and send them again from their source";
        return Finding::fail("kafka consumers", format!("{seen}; {lost} are lost"), advice);
    }
    if !reads && behind > 0 {
        return Finding::warn(
            "kafka consumers",
            format!("{group} has never read; {behind} events wait"),
            "start Vector, or name its group by --kafka-group",
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    match retention_ms {
        Some(ms) if ms > 0 && oldest_ms as f64 > ms as f64 * LAG_SHARE_MAX => Finding::fail(
            "kafka consumers",
            seen,
            "consumers are slower than the retention allows: add Vector instances, and raise retention.ms until they have caught up",
        ),
        _ => Finding::ok("kafka consumers", seen),
    }
}

fn age_ms(consumer: &BaseConsumer, topic: &str, partition: i32, offset: i64) -> Option<i64> {
    let mut at = TopicPartitionList::new();
    at.add_partition_offset(topic, partition, Offset::Offset(offset)).ok()?;
    consumer.assign(&at).ok()?;
    let message = consumer.poll(ANSWER_TIME_MAX)?.ok()?;
    Some(now_ms() - message.timestamp().to_millis()?)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
