//! Starting, serving and stopping.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use vector_components::Enricher;

use crate::{
    arrivals::{Arrivals, Clock},
    config::{self, Config},
    connections::{self, Serving, descriptors},
    dead_letters::{DeadLetters, Place, Table, Topic},
    endpoints::{self, Shared},
    geoip,
    heal::{Healer, Pace},
    identify::Identifier,
    ingest::Ingest,
    instance::Instance,
    journal::Journal,
    ledger::{LedgerFile, OperatorKey},
    limits::rate::Addresses,
    metrics::Metrics,
    operate::Tables,
    projects::{self, Live, Parts, quota::Usages},
    rate::Rates,
    recent::Recent,
    salt::{self, SaltKeeper},
    sender::Senders,
    sink::{Sink, direct::Direct, kafka::Kafka},
    tls,
    upkeep::Upkeep,
};

/// After the connections, requests without one get so long to end.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);
/// Names that the log holds; there may be thousands.
const PROJECTS_TOLD_MAX: usize = 20;

/// Serves until SIGTERM or SIGINT, then drains: no new connections, every request
/// answered, every batch durable.
///
/// # Errors
/// If anything is missing at the start, with what to do.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let connection_limits = connections::Limits {
        connections_max: descriptors::connections_max(config.connections_max, descriptors::raise())?,
        head_time_max: config.head_time_max,
        idle_time_max: config.idle_time_max,
    };
    let tls = config.tls.clone().map(tls::accept).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let metrics = Arc::new(Metrics::default());
    let instance = Instance::claim(&config.data)?;
    let ledger = LedgerFile::open(instance.folder(), metrics.ledger.clone(), chrono::Utc::now().timestamp_millis());
    let ledger_keeper = tokio::spawn(Arc::clone(&ledger).keep());
    let operator_key = OperatorKey::open(&config.data)?;
    let projects = Arc::new(projects(&config, &instance, &metrics)?);
    let Started { sink, dead_letters, engine, enricher, upkeep } =
        sink(&config, &instance, &projects, &metrics).await?;
    let ingest = ingest(&config, &instance, sink, enricher, &metrics)?.with_dead_letters(dead_letters);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: set FOOTFALL_LISTEN to a free address", config.listen))?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        senders: Senders {
            projects: Arc::clone(&projects),
            trusted_proxies: config.trusted_proxies,
            rates: Rates::default(),
        },
        requests: endpoints::limiter(config.limits.address_requests_per_s_max),
        limits: config.limits,
        paths: config.paths,
        metrics,
        ledger: Arc::clone(&ledger),
        operator_key,
        ingest,
        tables: upkeep.as_ref().map(Upkeep::gate),
        tasks: TaskTracker::new(),
    });
    // Before anybody knows that events are taken, and can send one and stop us.
    let stopped = embedded::stop_signal()?;
    projects::watch(&projects)?;
    tracing::info!(%address, projects = ?projects.now().names().take(PROJECTS_TOLD_MAX).collect::<Vec<_>>(), "events are taken");
    println!("{scheme}://{address}");

    let router = endpoints::router(Arc::clone(&shared));
    let stop = async {
        stopped.await;
        tracing::info!("stopping: requests in flight are finished first");
    };
    let serving =
        Serving { limits: connection_limits, metrics: Arc::clone(&shared.metrics), tls, tasks: shared.tasks.clone() };
    connections::serve(listener, router, serving, stop).await;
    drain(shared).await;
    drop(upkeep);
    projects.close();
    ledger_keeper.abort();
    if let Err(error) = ledger.write() {
        tracing::error!(%error, "the ledger could not be written at the end");
    }
    match engine {
        Some(engine) => engine.stop().await,
        None => Ok(()),
    }
}

/// Waits for connections that are slow to end and for what was read from clients that are gone, then closes the sink, which waits
/// for what it holds.
async fn drain(shared: Arc<Shared>) {
    shared.tasks.close();
    let is_idle = tokio::time::timeout(DRAIN_TIME_MAX, shared.tasks.wait()).await.is_ok();
    match Arc::into_inner(shared) {
        Some(shared) if is_idle => shared.ingest.close().await,
        _ => {
            tracing::warn!("some requests did not end in {} s; their senders have no answer", DRAIN_TIME_MAX.as_secs())
        }
    }
}

/// The projects, with what they have stored before.
fn projects(config: &Config, instance: &Instance, metrics: &Arc<Metrics>) -> anyhow::Result<Live> {
    let usages = match config.projects {
        projects::Source::Listed(_) => Usages::default(),
        projects::Source::File(_) => Usages::open(instance.folder(), chrono::Utc::now().timestamp_millis())?,
    };
    let parts = Parts { privacy: config.privacy.clone(), usages, addresses: Addresses::default() };
    Live::open(config.projects.clone(), config.project_defaults(), parts, Arc::clone(metrics))
}

fn ingest(
    config: &Config,
    instance: &Instance,
    sink: Sink,
    enricher: Option<Arc<Enricher>>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Ingest> {
    let clock: Clock = Arc::new(|| chrono::Utc::now().timestamp_millis());
    let salts = SaltKeeper::open(&config.data)?;
    salts.turn(clock())?;
    tokio::spawn(salt::keep_turning(salts.clone(), Arc::clone(&clock), salt::TURN_PAUSE));
    let arrivals = Arrivals::open(instance.folder(), config.limits.remembered_events_max, clock, Arc::clone(metrics))?;
    let recent = Recent::new(config.limits.recent_events_max)?;
    let identifier = Identifier::new(salts, arrivals).with_recent(recent);
    Ok(Ingest::new(config.limits, enricher, identifier, sink, Arc::clone(metrics)))
}

/// The sink with what belongs to it.
struct Started {
    sink: Sink,
    dead_letters: Option<DeadLetters>,
    engine: Option<embedded::Server>,
    /// Tells programs from people; none where no project can ask for it.
    enricher: Option<Arc<Enricher>>,
    /// Looks after ClickHouse's tables; none with Kafka.
    upkeep: Option<Upkeep>,
}

async fn sink(
    config: &Config,
    instance: &Instance,
    projects: &Arc<Live>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Started> {
    match &config.sink {
        config::Sink::Kafka(kafka) => {
            let journal = journal(config, instance, metrics)?;
            let place = Place::Topic(Topic::new(&kafka.brokers, &config.dead_letters.topic, kafka.message_bytes_max));
            let dead_letters = DeadLetters::start(config.dead_letters.clone(), place, Arc::clone(metrics));
            let (time_max, kept) = (config.limits.request_time_max, dead_letters.clone());
            let kafka = Kafka::start(kafka, time_max, journal, kept, Arc::clone(metrics))?;
            let enricher = match config.projects {
                projects::Source::Listed(_) => None,
                projects::Source::File(_) => Some(geoip::enricher(config)?),
            };
            Ok(Started { sink: Sink::Kafka(kafka), dead_letters, engine: None, enricher, upkeep: None })
        }
        config::Sink::Direct { insert_interval } => {
            let (client, engine) = config.clickhouse.connect(&config.data).await?;
            let tables = Tables { client: client.clone(), cluster: config.clickhouse.cluster.clone() };
            let journal = journal(config, instance, metrics)?;
            let upkeep = Upkeep::start(tables, Arc::clone(projects), journal.is_some()).await?;
            let enricher = geoip::enricher(config)?;
            let healer = Healer::start(instance.folder(), client.clone(), Pace::default());
            let journal = journal.map(|journal| (journal, upkeep.gate()));
            let place = Place::Table(Box::new(Table::new(client.clone())), upkeep.gate());
            let dead_letters = DeadLetters::start(config.dead_letters.clone(), place, Arc::clone(metrics));
            let judge = Some(Arc::clone(&enricher));
            let direct = Direct::start(client, enricher, healer, *insert_interval, journal, Arc::clone(metrics));
            Ok(Started {
                sink: Sink::Direct(Box::new(direct)),
                dead_letters,
                engine,
                enricher: judge,
                upkeep: Some(upkeep),
            })
        }
    }
}

/// None if it is switched off.
fn journal(config: &Config, instance: &Instance, metrics: &Arc<Metrics>) -> anyhow::Result<Option<Journal>> {
    let is_on = config.journal.bytes_max > 0;
    is_on.then(|| Journal::open(instance.folder(), config.journal, Arc::clone(metrics))).transpose()
}
