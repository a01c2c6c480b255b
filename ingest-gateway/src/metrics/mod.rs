//! What the gateway counts and measures, in Prometheus' form at `/metrics`; the events themselves by their [`Ledger`].

mod connections;
mod projects;

use std::fmt::Write;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::ledger::Ledger;
pub use connections::{ClosedFor, ConnectionMetrics};
pub use projects::{ProjectMetrics, Reload};

/// All metrics; label sets are closed lists.
#[expect(missing_docs, reason = "each metric's help text says it")]
pub struct Metrics {
    registry: Registry,
    pub ledger: Ledger,
    pub pending_max: Gauge,
    pub request_seconds: Histogram,
    pub insert_rows: Histogram,
    pub in_flight_bytes: Gauge,
    pub in_flight_bytes_max: Gauge,
    pub journal_events: Gauge,
    pub journal_bytes: Gauge,
    pub journal_bytes_max: Gauge,
    pub journal_refused: Counter,
    pub journal_damaged: Counter,
    pub dead_letters_kept: Counter,
    pub dead_letters_lost: Counter,
    pub dead_letters_waiting: Gauge,
    pub arrivals_remembered: Gauge,
    pub arrivals_known: Counter,
    pub arrivals_forgotten_early: Counter,
    pub connections: ConnectionMetrics,
    pub projects: ProjectMetrics,
    requests_refused: Family<ReasonLabel, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("footfall");
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let rows = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];
        let metrics = Self {
            ledger: Ledger::default(),
            pending_max: Gauge::default(),
            request_seconds: Histogram::new(seconds),
            insert_rows: Histogram::new(rows),
            in_flight_bytes: Gauge::default(),
            in_flight_bytes_max: Gauge::default(),
            journal_events: Gauge::default(),
            journal_bytes: Gauge::default(),
            journal_bytes_max: Gauge::default(),
            journal_refused: Counter::default(),
            journal_damaged: Counter::default(),
            dead_letters_kept: Counter::default(),
            dead_letters_lost: Counter::default(),
            dead_letters_waiting: Gauge::default(),
            arrivals_remembered: Gauge::default(),
            arrivals_known: Counter::default(),
            arrivals_forgotten_early: Counter::default(),
            connections: ConnectionMetrics::default(),
            projects: ProjectMetrics::default(),
            requests_refused: Family::default(),
            registry: Registry::default(),
        };
        registry.register_collector(Box::new(metrics.ledger.clone()));
        registry.register(
            "events_pending_max",
            "Events that may wait for the sink; beyond it requests are answered 503",
            metrics.pending_max.clone(),
        );
        registry.register(
            "requests_refused",
            "Requests refused as a whole, by reason",
            metrics.requests_refused.clone(),
        );
        registry.register("in_flight_bytes", "Memory that requests in flight hold", metrics.in_flight_bytes.clone());
        registry.register(
            "in_flight_bytes_max",
            "Memory that requests in flight may hold; beyond it requests are answered 503",
            metrics.in_flight_bytes_max.clone(),
        );
        registry.register(
            "journal_events",
            "Stored events that are in the journal and not yet in the sink",
            metrics.journal_events.clone(),
        );
        registry.register("journal_bytes", "Bytes of events in the journal", metrics.journal_bytes.clone());
        registry.register(
            "journal_bytes_max",
            "Bytes that the journal may hold; beyond it requests are answered 503",
            metrics.journal_bytes_max.clone(),
        );
        registry.register(
            "journal_events_refused",
            "Stored events that Kafka refused as too large when they left the journal; they are dead letters",
            metrics.journal_refused.clone(),
        );
        let help = "Stored events that a damaged disk has taken out of the journal";
        registry.register("journal_events_damaged", help, metrics.journal_damaged.clone());
        let help = "Dropped events that are kept as dead letters";
        registry.register("dead_letters_kept", help, metrics.dead_letters_kept.clone());
        let help = "Dropped events of which no dead letter could be kept";
        registry.register("dead_letters_lost", help, metrics.dead_letters_lost.clone());
        let help = "Dropped events on their way to the dead letters";
        registry.register("dead_letters_waiting", help, metrics.dead_letters_waiting.clone());
        registry.register(
            "arrivals_remembered",
            "Events whose first arrival is remembered, as they lack an id of their own, a time or a name",
            metrics.arrivals_remembered.clone(),
        );
        registry.register(
            "arrivals_known",
            "Events of which an earlier arrival was remembered",
            metrics.arrivals_known.clone(),
        );
        registry.register(
            "arrivals_forgotten_early",
            "Events whose arrival was forgotten before a day was over, as there were too many",
            metrics.arrivals_forgotten_early.clone(),
        );
        registry.register("request_seconds", "From the request to its answer", metrics.request_seconds.clone());
        registry.register("insert_rows", "Rows in one insert or produce call", metrics.insert_rows.clone());
        metrics.connections.register(&mut registry);
        metrics.projects.register(&mut registry);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts a refused request.
    pub fn refused(&self, reason: &'static str) {
        self.requests_refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// The text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            let _ = write!(text, "# metrics could not be encoded");
        }
        text
    }
}
