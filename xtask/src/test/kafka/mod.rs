//! Gateway → Apache Kafka → read back, with Kafka's own broker from its own jars.

mod retries;

use std::{
    collections::HashSet,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
};
use serde_json::{Value, json};

use crate::{
    bin,
    process::{Process, free_port},
    root,
};

const TOPIC: &str = "analytics";
const PARTITIONS: &str = "3";
const BATCHES: usize = 50;
const BATCH_EVENTS: usize = 100;
const START_TIME_MAX: Duration = Duration::from_secs(60);
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Start a broker, create the topic, send, read back, compare; then take the broker away.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    std::fs::create_dir_all(folder)?;
    let broker = Broker::start(folder).await?;
    create_topics(&broker.address, folder)?;
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
        ("FOOTFALL_REQUEST_MS_MAX", "5000".to_owned()),
    ];
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let url = gateway.first_line.clone();
    let client = reqwest::Client::new();
    let ready = client.get(format!("{url}/readyz")).send().await?;
    ensure!(ready.status() == 200, "not ready: {}", ready.text().await?);

    let sent = send(&client, &url).await?;
    let address = broker.address.clone();
    let read = tokio::task::spawn_blocking(move || read_back(&address)).await??;
    ensure!(
        read.len() == BATCHES * BATCH_EVENTS,
        "{} events were sent, {} read back",
        BATCHES * BATCH_EVENTS,
        read.len()
    );
    ensure!(sent == read.iter().map(|(id, ..)| id.clone()).collect(), "other events were read back than were sent");
    in_order_by_visitor(&read)?;
    doctor(&broker.address, folder).await?;
    retries::are_the_same_events(&client, &url, &broker.address).await?;
    retries::too_large_is_one_event(&client, &url, &broker.address).await?;

    drop(broker);
    let away =
        client.post(format!("{url}/v1/events")).header("X-App", "app").json(&json!({"type": "late"})).send().await?;
    ensure!(
        away.status() == 503 && away.headers().contains_key("retry-after"),
        "without a broker the answer is {}",
        away.status()
    );
    ensure!(client.get(format!("{url}/readyz")).send().await?.status() == 503, "ready without a broker");
    // It cannot drain to a broker that is away, so it is not waited for.
    drop(gateway);
    Ok(
        "Apache Kafka 4.1: topics by provisioning/kafka; 5,000 events read back once each, in order by visitor; the same event when it is sent again; a too large one dropped alone; 503 without the broker; the doctor on topic, lag and retention",
    )
}

/// The doctor on a healthy topic, on one that is missing, and on a group that is slower
/// than the topic's retention.
async fn doctor(brokers: &str, folder: &Path) -> anyhow::Result<()> {
    let ask = |topic: &str, group: &str| -> anyhow::Result<Vec<Value>> {
        let output = Command::new(bin("ingest-gateway"))
            .args(["doctor", "--json", "--kafka-group", group])
            .env("KAFKA_BROKERS", brokers)
            .env("KAFKA_TOPIC", topic)
            .env("CLICKHOUSE_URL", "http://127.0.0.1:1")
            .env("FOOTFALL_DATA", folder.join("doctor"))
            .output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let expect = |findings: &[Value], check: &str, state: &str, seen: &str| {
        let found = findings.iter().any(|f| {
            f["check"] == check && f["state"] == state && f["seen"].as_str().is_some_and(|text| text.contains(seen))
        });
        ensure!(found, "the doctor does not say {check} {state} {seen}: {findings:?}");
        Ok(())
    };
    let healthy = ask(TOPIC, "read-back")?;
    expect(&healthy, "kafka", "ok", "1 brokers")?;
    expect(&healthy, "kafka topic", "ok", "3 partitions, kept for 168 h")?;
    expect(&healthy, "kafka consumers", "ok", "0 events behind")?;
    expect(&ask(TOPIC, "nobody")?, "kafka consumers", "warn", "never read")?;
    expect(&ask("elsewhere", "nobody")?, "kafka topic", "fail", "no topic elsewhere")?;

    let slow: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "slow").create()?;
    let mut offsets = TopicPartitionList::new();
    (0..3).try_for_each(|partition| offsets.add_partition_offset(TOPIC, partition, Offset::Offset(1)))?;
    slow.commit(&offsets, CommitMode::Sync)?;
    expect(&ask(TOPIC, "slow")?, "kafka consumers", "ok", "slow is 4997 events behind")?;
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let short = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("retention.ms", "1000");
    for result in admin.alter_configs(&[short], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    expect(&ask(TOPIC, "slow")?, "kafka consumers", "fail", "4997 events behind")?;
    let long = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("retention.ms", "604800000");
    for result in admin.alter_configs(&[long], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    Ok(())
}

async fn send(client: &reqwest::Client, url: &str) -> anyhow::Result<HashSet<String>> {
    let mut ids = HashSet::new();
    for batch in 0..BATCHES {
        let events: Vec<Value> = (0..BATCH_EVENTS)
            .map(|n| json!({"type": "click", "user_id": n % 7, "timestamp": 1_713_326_652_000_i64 + (batch * BATCH_EVENTS + n) as i64, "details": {"n": n}}))
            .collect();
        let answer = client.post(format!("{url}/v1/events")).header("X-App", "app").json(&events).send().await?;
        ensure!(answer.status() == 201, "the gateway answered {}", answer.status());
        let answer: Value = answer.json().await?;
        let outcomes = answer["outcomes"].as_array().context("no outcomes")?;
        ids.extend(outcomes.iter().filter_map(|o| o["event_id"].as_str().map(str::to_owned)));
    }
    Ok(ids)
}

/// Event id, user id and timestamp of every message, per partition in order.
fn read_back(address: &str) -> anyhow::Result<Vec<(String, String, String)>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", address)
        .set("group.id", "read-back")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[TOPIC])?;
    let started = std::time::Instant::now();
    let mut read = Vec::new();
    while started.elapsed() < READ_TIME_MAX && read.len() < BATCHES * BATCH_EVENTS {
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = message?;
        let event: Value = serde_json::from_slice(message.payload().context("no payload")?)?;
        ensure!(
            event["v"] == 1 && event["project"] == "app" && event["type"] == "click",
            "not the documented form: {event}"
        );
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        read.push((text("event_id"), text("user_id"), text("timestamp")));
    }
    // One more look: nothing may come twice.
    if let Some(Ok(_)) = consumer.poll(Duration::from_secs(1)) {
        anyhow::bail!("more events were read back than were sent");
    }
    Ok(read)
}

fn in_order_by_visitor(read: &[(String, String, String)]) -> anyhow::Result<()> {
    for user in 0..7 {
        let user = user.to_string();
        let times: Vec<&String> = read.iter().filter(|(_, id, _)| *id == user).map(|(.., time)| time).collect();
        ensure!(times.is_sorted(), "the events of visitor {user} are out of order");
    }
    Ok(())
}

/// The topics of provisioning/kafka, by its own script and Kafka's own tool; twice, since it may be run again.
fn create_topics(address: &str, folder: &Path) -> anyhow::Result<()> {
    let tool = folder.join("kafka-topics.sh");
    let class = "org.apache.kafka.tools.TopicCommand";
    std::fs::write(&tool, format!("#!/bin/sh\nexec java -cp '{}/*' {class} \"$@\"\n", jars()?.display()))?;
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755))?;
    for _ in 0..2 {
        let mut sh = Command::new("sh");
        sh.arg(root().join("provisioning/kafka/create-topics.sh"));
        sh.env("BOOTSTRAP", address).env("PARTITIONS", PARTITIONS).env("KAFKA_TOPICS", &tool);
        super::command(&mut sh)?;
    }
    Ok(())
}

struct Broker {
    address: String,
    process: std::process::Child,
}

impl Broker {
    /// A broker in KRaft mode on free ports.
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let jars = jars()?;
        let (port, controller) = (free_port()?, free_port()?);
        let properties = folder.join("server.properties");
        let logs = folder.join("kafka-logs");
        std::fs::write(
            &properties,
            format!(
                "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
                 listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
                 advertised.listeners=PLAINTEXT://127.0.0.1:{port}\ncontroller.listener.names=CONTROLLER\n\
                 listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\nlog.dirs={}\n\
                 offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n\
                 transaction.state.log.min.isr=1\ngroup.initial.rebalance.delay.ms=0\nauto.create.topics.enable=false\n",
                logs.display()
            ),
        )?;
        let java = |class: &str| {
            let mut java = Command::new("java");
            java.args(["-Xmx512m", "-cp", &format!("{}/*", jars.display()), class]);
            java
        };
        let format = java("kafka.tools.StorageTool")
            .args(["format", "--cluster-id", "Zm9vdGZhbGwtdGVzdHMtMQ", "--config"])
            .arg(&properties)
            .output()
            .context("cannot start java")?;
        ensure!(format.status.success(), "Kafka cannot format its folder: {}", String::from_utf8_lossy(&format.stderr));
        let log = std::fs::File::create(folder.join("kafka.log"))?;
        let process = java("kafka.Kafka").arg(&properties).stdout(log.try_clone()?).stderr(log).spawn()?;
        let broker = Self { address: format!("127.0.0.1:{port}"), process };
        broker.wait().await.with_context(|| format!("see {}", folder.join("kafka.log").display()))?;
        Ok(broker)
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let probe: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", &self.address).set("log_level", "0").create()?;
        let started = std::time::Instant::now();
        tokio::task::spawn_blocking(move || {
            while started.elapsed() < START_TIME_MAX {
                if probe.fetch_metadata(None, Duration::from_secs(1)).is_ok() {
                    return Ok(());
                }
            }
            anyhow::bail!("Kafka did not start in {} s", START_TIME_MAX.as_secs())
        })
        .await?
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Kafka's jars, by Maven, once.
fn jars() -> anyhow::Result<PathBuf> {
    let project = root().join("tests/kafka");
    let jars = project.join("target/dependency");
    if !jars.join("kafka-tools-4.1.1.jar").is_file() {
        super::command(
            Command::new("mvn").args(["--quiet", "--batch-mode", "dependency:copy-dependencies"]).current_dir(&project),
        )?;
    }
    Ok(jars)
}
