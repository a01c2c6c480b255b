//! The programs that are compared.

use std::{fs, time::Duration};

use anyhow::Context;

use super::{
    super::bento::{self, Batching, Bento},
    Ground,
};
use crate::{
    bin,
    process::{Process, free_port, until_listening},
    vector::{self, Vector},
};

const START_TIME_MAX: Duration = Duration::from_secs(30);

/// Which program, and how it is set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The gateway with Kafka.
    Kafka,
    /// The gateway with ClickHouse in a process of its own.
    Direct,
    BentoDefault,
    BentoTuned,
    /// `http_server` → `kafka`, and nothing between.
    Vector,
    Bare,
}

/// A running one.
pub struct Subject {
    /// Where it takes events.
    pub url: String,
    program: Program,
}

enum Program {
    Process(Process),
    Bento(Bento),
    Vector(Vector),
}

impl Kind {
    /// Those whose program is there.
    ///
    /// # Errors
    /// If a variable names no file.
    pub fn at_hand() -> anyhow::Result<Vec<Self>> {
        let mut kinds = vec![Self::Kafka, Self::Direct, Self::Bare];
        if bento::program()?.is_some() {
            kinds.extend([Self::BentoDefault, Self::BentoTuned]);
        }
        if vector::program()?.is_some() {
            kinds.push(Self::Vector);
        }
        Ok(kinds)
    }

    /// In the figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka => "gateway_kafka",
            Self::Direct => "gateway_direct",
            Self::BentoDefault => "bento_default",
            Self::BentoTuned => "bento_tuned",
            Self::Vector => "vector",
            Self::Bare => "bare_axum",
        }
    }

    /// Whether an array is its elements.
    pub fn takes_arrays(self) -> bool {
        matches!(self, Self::Kafka | Self::Direct | Self::Vector)
    }
}

impl Subject {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(kind: Kind, ground: &Ground<'_>) -> anyhow::Result<Self> {
        let folder = ground.folder.join(kind.name());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let brokers = &ground.broker.address;
        match kind {
            Kind::Kafka | Kind::Direct => {
                let mut environment = vec![
                    ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
                    ("FOOTFALL_DATA", folder.join("data").display().to_string()),
                    ("PROJECTS", "app,website".to_owned()),
                ];
                match kind {
                    Kind::Kafka => environment.push(("KAFKA_BROKERS", brokers.clone())),
                    _ => environment.extend(ground.engine.server.environment()),
                }
                let process =
                    Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
                Ok(Self { url: format!("{}/", process.first_line), program: Program::Process(process) })
            }
            Kind::Bare => {
                let process =
                    Process::start(&bin("xtask"), &["bench-bare-handler"], &[], &folder.join("bare.log")).await?;
                Ok(Self { url: format!("{}/", process.first_line), program: Program::Process(process) })
            }
            Kind::BentoDefault | Kind::BentoTuned => {
                let program = bento::program()?.context("BENTO_BIN is not set")?;
                let batching = if kind == Kind::BentoDefault { Batching::Default } else { Batching::Tuned };
                let bento = Bento::start(&program, &folder, brokers, batching).await?;
                Ok(Self { url: bento.url.clone(), program: Program::Bento(bento) })
            }
            Kind::Vector => {
                let program = vector::program()?.context("VECTOR_BIN is not set")?;
                let place = vector::place(&folder, &["metrics.yaml"], brokers, &ground.engine.server)?;
                let address = format!("127.0.0.1:{}", free_port()?);
                fs::write(place.folder.join("run.yaml"), vector_config(&address, brokers))?;
                let mut vector = Vector::start(&program, &place.folder, "run.yaml")?;
                until_listening(&address, START_TIME_MAX, || vector.check()).await.context("Vector did not start")?;
                Ok(Self { url: format!("http://{address}/"), program: Program::Vector(vector) })
            }
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        match &self.program {
            Program::Process(process) => process.pid(),
            Program::Bento(bento) => bento.pid(),
            Program::Vector(vector) => vector.pid(),
        }
    }
}

/// Answers when Kafka has the event, as the gateway does.
fn vector_config(address: &str, brokers: &str) -> String {
    format!(
        "acknowledgements: {{enabled: true}}\n\
         sources:\n  events:\n    type: http_server\n    address: {address}\n    path: /\n    \
         headers: [X-App, X-Forwarded-For, User-Agent]\n    decoding: {{codec: json}}\n\
         sinks:\n  out:\n    type: kafka\n    inputs: [events]\n    bootstrap_servers: {brokers}\n    \
         topic: analytics\n    key_field: user_id\n    encoding: {{codec: json}}\n"
    )
}
