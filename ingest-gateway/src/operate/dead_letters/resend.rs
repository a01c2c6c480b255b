//! `dead-letters resend`: read → mend → judge → store, page by page.
//!
//! What identifies a stored event is a function of its letter: where the client sent no time, it is that of the letter;
//! where it named nobody, the letter has the visitor; where it sent neither id nor time, the letter's id is the event's.
//! So events that are sent again twice are stored once. Nothing becomes a dead letter again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use serde_json::value::RawValue;
use uuid::Uuid;
use vector_components::{
    Arrival, Event, Rejection,
    enrich::visitor::visitor_of_ids,
    project,
    validate::{Received, receive},
};

use super::{Which, mend::Mending, pages::Letters};
use crate::{
    config::{self, Config},
    dead_letters::DeadLetter,
    geoip,
    heal::{Healer, Pace},
    in_flight::InFlight,
    limits::rate::Addresses,
    metrics::Metrics,
    projects::{Parts, Registry, quota::Usages},
    sink::{Identified, Sink, direct::Direct, kafka::Kafka},
};

/// A page of letters and its rows.
const MEMORY_BYTES_MAX: usize = 1 << 30;
/// Not stored: said one by one, up to so many.
const SAID_MAX: usize = 50;

/// Send dropped events again.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    mending: Mending,
    /// Judge only; store nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Why a letter is not stored.
#[derive(Debug, thiserror::Error)]
enum NotStored {
    #[error("the event is not kept, only its reason")]
    NoBody,
    #[error("it is not JSON")]
    NotJson,
    #[error("it is no object, so that nothing can be set in it")]
    NoObject,
    #[error("{reason}: {0}", reason = .0.reason.as_str())]
    Dropped(Rejection),
    #[error("{reason}: {0}", reason = .0.reason())]
    NoEvent(vector_components::event::NotAnEvent),
    #[error("no_visitor: nothing says who did it")]
    NoVisitor,
    #[error("an earlier letter holds the same event")]
    Repeated,
}

/// What became of letters.
#[derive(Default)]
struct Tally {
    read: usize,
    stored: usize,
    not_stored: BTreeMap<String, usize>,
    said: usize,
}

pub(super) async fn run(options: &Options, config: &Config) -> anyhow::Result<()> {
    let mut letters = Letters::open(config, options.which.selection()?).await?;
    let sink = sink(config, &letters)?;
    let sent = resend(options, config, &mut letters, &sink).await;
    sink.close().await;
    letters.close().await?;
    let tally = sent?;
    let verb = if options.dry_run { "would be stored" } else { "are stored" };
    println!("{} dead letters, of which {} {verb}", tally.read, tally.stored);
    tally.not_stored.iter().for_each(|(why, count)| println!("{count} not: {why}"));
    Ok(())
}

/// The gateway's own, without a journal: what is told as stored is in ClickHouse or Kafka.
fn sink(config: &Config, letters: &Letters) -> anyhow::Result<Sink> {
    let metrics = Arc::<Metrics>::default();
    Ok(match (&config.sink, &letters.client) {
        (config::Sink::Kafka(kafka), _) => {
            Sink::Kafka(Kafka::start(kafka, config.limits.request_time_max, None, None, metrics)?)
        }
        (config::Sink::Direct { .. }, client) => {
            let client = client.clone().unwrap_or_default();
            // The next attempt fills the sessions of an insert that fails; the notes of a gateway are not touched.
            let healer = Healer::start(&config.data.join("resend"), client.clone(), Pace::default());
            let direct = Direct::start(client, geoip::enricher(config)?, healer, Duration::ZERO, None, metrics);
            Sink::Direct(Box::new(direct))
        }
    })
}

async fn resend(options: &Options, config: &Config, letters: &mut Letters, sink: &Sink) -> anyhow::Result<Tally> {
    let room = InFlight::new(MEMORY_BYTES_MAX);
    let parts = Parts { privacy: config.privacy.clone(), usages: Usages::default(), addresses: Addresses::default() };
    let projects = Registry::new(config.projects.read(&config.project_defaults())?, &parts, None);
    let mut tally = Tally::default();
    let mut seen = HashSet::new();
    loop {
        let page = letters.next().await?;
        if page.is_empty() {
            return Ok(tally);
        }
        tally.read += page.len();
        let prepared: Vec<Prepared> = page.iter().map(|letter| Prepared::new(letter, &options.mending)).collect();
        let (mut events, mut of) = (Vec::new(), Vec::new());
        for (letter, prepared) in page.iter().zip(&prepared) {
            match prepared.identified(letter, &projects, config.projects.option(), &mut seen) {
                Ok(identified) => {
                    events.push(identified);
                    of.push(letter);
                }
                Err(why) => tally.not_stored(letter, &why),
            }
        }
        if options.dry_run || events.is_empty() {
            tally.stored += events.len();
            continue;
        }
        let refused = sink.store(&events, &mut room.start()).await?;
        tally.stored += events.len() - refused.len();
        for refused in refused {
            tally.not_stored(of[refused.index], &NotStored::Dropped(refused.rejection));
        }
    }
}

/// What an event of a letter borrows from.
struct Prepared {
    raw: Result<Box<RawValue>, NotStored>,
    arrival: Arrival,
}

impl Prepared {
    fn new(letter: &DeadLetter, mending: &Mending) -> Self {
        let raw = match std::str::from_utf8(&letter.body) {
            _ if letter.body.is_empty() => Err(NotStored::NoBody),
            Err(_) => Err(NotStored::NotJson),
            Ok(text) => mending
                .apply(text)
                .ok_or(NotStored::NoObject)
                .and_then(|text| RawValue::from_string(text).map_err(|_| NotStored::NotJson)),
        };
        let arrival = Arrival {
            project: letter.project.clone(),
            // Kafka deletes by it, and a clock that was wrong then may be right now.
            received_at_ms: chrono::Utc::now().timestamp_millis().max(letter.received_at_ms),
            sent_at_ms: letter.context.sent_at_ms,
            ip: None,
            user_agent: letter.context.user_agent.clone(),
            hints: letter.context.hints.clone(),
        };
        Self { raw, arrival }
    }

    /// The event as it is to be stored. The `option` says which projects there are.
    fn identified<'a>(
        &'a self,
        letter: &'a DeadLetter,
        projects: &Registry,
        option: &str,
        seen: &mut HashSet<Uuid>,
    ) -> Result<Identified<'a>, NotStored> {
        let raw = match &self.raw {
            Ok(raw) => raw,
            Err(NotStored::NoBody) => return Err(NotStored::NoBody),
            Err(NotStored::NoObject) => return Err(NotStored::NoObject),
            Err(_) => return Err(NotStored::NotJson),
        };
        let mut event = if letter.project.is_empty() {
            Event::of_message(raw.get().as_bytes()).map_err(NotStored::NoEvent)?
        } else {
            self.received(raw, letter, seen)?
        };
        let Some(project) = projects.by_name(&event.project) else {
            let unknown = project::unknown(&event.project, option);
            return Err(NotStored::Dropped(Rejection { field: "project".to_owned(), ..unknown }));
        };
        project.privacy().apply(&mut event);
        let visitor = visitor_of_ids(&event).or(Some(letter.visitor).filter(|visitor| *visitor != 0));
        Ok(Identified { visitor: visitor.ok_or(NotStored::NoVisitor)?, event })
    }

    fn received<'a>(
        &'a self,
        raw: &'a RawValue,
        letter: &DeadLetter,
        seen: &mut HashSet<Uuid>,
    ) -> Result<Event<'a>, NotStored> {
        let Received { mut event, has_own_id, has_own_time, .. } =
            receive(raw, &self.arrival, || letter.id).map_err(NotStored::Dropped)?;
        if !has_own_time {
            // Sent twice, it would have two times: the first letter's counts.
            if has_own_id && !seen.insert(event.event_id) {
                return Err(NotStored::Repeated);
            }
            event.timestamp_ms = letter.received_at_ms;
        }
        Ok(event)
    }
}

impl Tally {
    fn not_stored(&mut self, letter: &DeadLetter, why: &NotStored) {
        let kind = match why {
            NotStored::Dropped(rejection) => rejection.reason.as_str().to_owned(),
            other => other.to_string(),
        };
        *self.not_stored.entry(kind).or_default() += 1;
        self.said += 1;
        if self.said <= SAID_MAX {
            let why: String = why.to_string().chars().flat_map(char::escape_debug).collect();
            eprintln!("{} is not stored: {why}", letter.id);
        }
    }
}
