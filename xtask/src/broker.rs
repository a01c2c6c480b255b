//! Apache Kafka for a run: one broker from its own jars, on free ports.

use std::{
    fs::OpenOptions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
};

use crate::{
    process::{free_port, run_to_end},
    root,
};

const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A running broker; stopped when dropped.
pub struct Broker {
    /// Its address.
    pub address: String,
    process: Child,
    folder: PathBuf,
}

impl Broker {
    /// Starts a broker in KRaft mode on free ports.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
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
        let format = java("kafka.tools.StorageTool")?
            .args(["format", "--ignore-formatted", "--cluster-id", "Zm9vdGZhbGwtdGVzdHMtMQ", "--config"])
            .arg(&properties)
            .output()
            .context("cannot start java")?;
        ensure!(format.status.success(), "Kafka cannot format its folder: {}", String::from_utf8_lossy(&format.stderr));
        let broker = Self { address: format!("127.0.0.1:{port}"), process: spawn(folder)?, folder: folder.to_owned() };
        broker.wait().await?;
        Ok(broker)
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If it is not running.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again after [`Broker::kill`], at the same address, on the same data.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = spawn(&self.folder)?;
        self.wait().await
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let log = self.folder.join("kafka.log");
        let probe: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", &self.address).set("log_level", "0").create()?;
        let started = Instant::now();
        tokio::task::spawn_blocking(move || {
            while started.elapsed() < START_TIME_MAX {
                if probe.fetch_metadata(None, Duration::from_secs(1)).is_ok() {
                    return Ok(());
                }
            }
            anyhow::bail!("Kafka did not start in {} s", START_TIME_MAX.as_secs())
        })
        .await?
        .with_context(|| format!("see {}", log.display()))
    }

    /// Creates the topics with provisioning/kafka's script and Kafka's own tool; twice, since it must be repeatable.
    ///
    /// # Errors
    /// If they cannot be created.
    pub fn create_topics(&self, folder: &Path, partitions: u32) -> anyhow::Result<()> {
        let tool = folder.join("kafka-topics.sh");
        let class = "org.apache.kafka.tools.TopicCommand";
        std::fs::write(&tool, format!("#!/bin/sh\nexec java -cp '{}/*' {class} \"$@\"\n", jars()?.display()))?;
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755))?;
        for _ in 0..2 {
            let mut sh = Command::new("sh");
            sh.arg(root().join("provisioning/kafka/create-topics.sh"));
            sh.env("BOOTSTRAP", &self.address).env("PARTITIONS", partitions.to_string()).env("KAFKA_TOPICS", &tool);
            run_to_end(&mut sh)?;
        }
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &Path) -> anyhow::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(folder.join("kafka.log"))?;
    let mut java = java("kafka.Kafka")?;
    Ok(java.arg(folder.join("server.properties")).stdout(log.try_clone()?).stderr(log).spawn()?)
}

fn java(class: &str) -> anyhow::Result<Command> {
    let mut java = Command::new("java");
    java.args(["-Xmx512m", "-cp", &format!("{}/*", jars()?.display()), class]);
    Ok(java)
}

/// Kafka's jars, downloaded once with Maven.
fn jars() -> anyhow::Result<PathBuf> {
    let project = root().join("tests/kafka");
    let jars = project.join("target/dependency");
    if !jars.join("kafka-tools-4.1.1.jar").is_file() {
        run_to_end(
            Command::new("mvn").args(["--quiet", "--batch-mode", "dependency:copy-dependencies"]).current_dir(&project),
        )?;
    }
    Ok(jars)
}
