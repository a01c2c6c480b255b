//! The processes of each way from POST to row.

use std::{fs, path::Path};

use anyhow::Context;

use crate::{
    bench::{
        bento::{self, Batching, Bento},
        vector::article,
    },
    bin,
    broker::Broker,
    clickhouse::{Server, ask},
    engine::{self, Engine},
    gateway::{self, Gateway},
    process::Process,
    seed,
    usage::cpu_s,
    vector::{self, Vector},
};

const PARTITIONS: u32 = 4;

/// Which processes there are between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The gateway with the engine in its process.
    Embedded,
    /// Gateway → Kafka → `footfall-vector` → ClickHouse.
    Cluster,
    /// Bento → Kafka → Vector with the article's remap → ClickHouse, into the article's table.
    Article,
}

/// The running processes.
pub struct Side {
    /// Where events are sent.
    pub url: String,
    /// Where they arrive.
    pub clickhouse: Server,
    /// The statement that counts them.
    pub count: &'static str,
    parts: Parts,
}

enum Parts {
    Embedded(Box<Gateway>),
    Chain(Box<Chain>),
}

struct Chain {
    input: Input,
    broker: Broker,
    vector: Vector,
    engine: Engine,
}

enum Input {
    Gateway(Process),
    Bento(Bento),
}

impl Way {
    /// Those whose programs are there.
    ///
    /// # Errors
    /// If a variable names no file.
    pub fn at_hand() -> anyhow::Result<Vec<Self>> {
        let mut ways = vec![Self::Embedded];
        if vector::program()?.is_some() {
            ways.push(Self::Cluster);
            if bento::program()?.is_some() {
                ways.push(Self::Article);
            }
        }
        Ok(ways)
    }

    /// In the figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Cluster => "cluster",
            Self::Article => "article",
        }
    }
}

impl Side {
    /// Starts everything, and makes topics and tables.
    ///
    /// # Errors
    /// If a process does not start.
    pub async fn start(way: Way, folder: &Path) -> anyhow::Result<Self> {
        let count = match way {
            Way::Embedded | Way::Cluster => "SELECT count() FROM analytics.events",
            Way::Article => "SELECT count() FROM lab.data",
        };
        if way == Way::Embedded {
            let gateway = gateway::start(folder, "app,website", None).await?;
            let (url, clickhouse) = (format!("{}/", gateway.url), gateway.clickhouse.clone());
            return Ok(Self { url, clickhouse, count, parts: Parts::Embedded(Box::new(gateway)) });
        }
        let chain = Chain::start(way, folder).await?;
        let (url, clickhouse) = (chain.input.url(), chain.engine.server.clone());
        Ok(Self { url, clickhouse, count, parts: Parts::Chain(Box::new(chain)) })
    }

    /// Whether all still run.
    ///
    /// # Errors
    /// If Vector has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match &mut self.parts {
            Parts::Embedded(_) => Ok(()),
            Parts::Chain(chain) => chain.vector.check(),
        }
    }

    /// The CPU time of each process until now, in seconds.
    ///
    /// # Errors
    /// If one has ended.
    pub fn cpu_s(&self) -> anyhow::Result<Vec<(&'static str, f64)>> {
        Ok(match &self.parts {
            Parts::Embedded(gateway) => vec![("gateway", cpu_s(gateway.pid())?)],
            Parts::Chain(chain) => vec![
                match &chain.input {
                    Input::Gateway(process) => ("gateway", cpu_s(process.pid())?),
                    Input::Bento(bento) => ("bento", cpu_s(bento.pid())?),
                },
                ("kafka", cpu_s(chain.broker.pid())?),
                ("vector", cpu_s(chain.vector.pid())?),
                ("clickhouse", cpu_s(chain.engine.process.pid())?),
            ],
        })
    }

    /// Ends all, in the order of the events' way.
    ///
    /// # Errors
    /// If one does not end in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.parts {
            Parts::Embedded(gateway) => gateway.stop().await,
            Parts::Chain(chain) => {
                let Chain { input, broker, vector, engine } = *chain;
                if let Input::Gateway(process) = input {
                    process.stop().await?;
                }
                vector.stop()?;
                drop(broker);
                engine.stop().await
            }
        }
    }
}

impl Chain {
    async fn start(way: Way, folder: &Path) -> anyhow::Result<Self> {
        let program = vector::program()?.context("VECTOR_BIN is not set")?;
        let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
        let broker = Broker::start(folder).await?;
        broker.create_topics(folder, PARTITIONS)?;
        let (vector, input) = match way {
            Way::Article => {
                for statement in article::TABLE {
                    ask(&reqwest::Client::new(), &engine.server, statement, &[]).await?;
                }
                let place = vector::place(&folder.join("vector"), &["metrics.yaml"], &broker.address, &engine.server)?;
                let config = article::chain(&broker.address, &engine.server);
                fs::write(place.folder.join("article.yaml"), config)?;
                let bento = bento::program()?.context("BENTO_BIN is not set")?;
                let bento = Bento::start(&bento, &folder.join("bento"), &broker.address, Batching::Tuned).await?;
                (Vector::start(&program, &place.folder, "article.yaml")?, Input::Bento(bento))
            }
            Way::Embedded | Way::Cluster => {
                seed::migrate(&engine.server).await?;
                let files = ["footfall.yaml", "metrics.yaml"];
                let place = vector::place(&folder.join("vector"), &files, &broker.address, &engine.server)?;
                vector::set_geoip(&place.folder.join("footfall.yaml"), &article::geoip())?;
                let environment = [
                    ("KAFKA_BROKERS", broker.address.clone()),
                    ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
                    ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
                    ("PROJECTS", "app,website".to_owned()),
                ];
                let log = folder.join("gateway.log");
                let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &log).await?;
                (Vector::start(&program, &place.folder, "footfall.yaml")?, Input::Gateway(gateway))
            }
        };
        Ok(Self { input, broker, vector, engine })
    }
}

impl Input {
    fn url(&self) -> String {
        match self {
            Self::Gateway(process) => format!("{}/", process.first_line),
            Self::Bento(bento) => bento.url.clone(),
        }
    }
}
