//! A gateway without its door: arrivals come at chosen times; the engine and the files are real.

use std::{
    net::IpAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use ingest_gateway::{
    arrivals::Arrivals,
    cli::Cli,
    config::Config,
    heal::{Healer, Pace},
    identify::Identifier,
    ingest::Ingest,
    limits::rate::Addresses,
    metrics::Metrics,
    projects::{Parts, Registry, Settings, quota::Usages},
    salt::SaltKeeper,
    sender::{Named, Sending},
    sink::{Sink, direct::Direct},
    wire::Batch,
};
use vector_components::{Arrival, Enricher, event::ClientHeaders, privacy::AddressPolicy};

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

pub struct Inside {
    pub ingest: Ingest,
    parts: Parts,
    pub clock: Arc<AtomicI64>,
}

impl Inside {
    pub fn open(data: &Path, client: &clickhouse::Client, enricher: &Arc<Enricher>, now_ms: i64) -> Self {
        let config = config(data);
        let clock = Arc::new(AtomicI64::new(now_ms));
        let metrics = Arc::<Metrics>::default();
        let now = {
            let clock = Arc::clone(&clock);
            Arc::new(move || clock.load(Ordering::Relaxed))
        };
        let arrivals = Arrivals::open(data, config.limits.remembered_events_max, now, Arc::clone(&metrics)).unwrap();
        let identifier = Identifier::new(SaltKeeper::open(data).unwrap(), arrivals);
        let healer = Healer::start(data, client.clone(), Pace::default());
        let interval = Duration::from_millis(1);
        let direct = Direct::start(client.clone(), Arc::clone(enricher), healer, interval, None, Arc::clone(&metrics));
        let sink = Sink::Direct(Box::new(direct));
        let parts = Parts { privacy: config.privacy, usages: Usages::default(), addresses: Addresses::default() };
        Self { ingest: Ingest::new(config.limits, None, identifier, sink, metrics), parts, clock }
    }

    /// The outcomes of a batch that arrives now.
    pub async fn send(&self, project: &str, batch: &Batch<'_>, ip: &str) -> Vec<String> {
        let arrival = Arrival {
            project: project.to_owned(),
            received_at_ms: self.clock.load(Ordering::Relaxed),
            sent_at_ms: batch.sent_at_ms,
            ip: Some(ip.parse::<IpAddr>().unwrap()),
            user_agent: AGENT.into(),
            hints: ClientHeaders::default(),
        };
        let admitted = self.ingest.admit(batch.events.len(), self.ingest.in_flight().start()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let projects = Registry::new(vec![Settings::of_name(project, AddressPolicy::Keep)], &self.parts, None);
        let project = Arc::clone(projects.by_name(project).unwrap());
        let sending = Sending::of_one(Named { project, by_secret: false }, arrival, batch);
        let answer = self.ingest.take(batch, &sending, admitted, deadline).await.unwrap();
        let answer = serde_json::to_value(&answer).unwrap();
        answer["outcomes"].as_array().unwrap().iter().map(|o| o["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn config(data: &Path) -> Config {
    let data = data.to_str().unwrap();
    Config::resolve(Cli::parse_from(["ingest-gateway", "--engine-listen", "127.0.0.1:0", "--data", data]).options)
        .unwrap()
}
