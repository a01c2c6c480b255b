//! The ledger as others read it: Prometheus' families, and the JSON of `GET /v1/ledger`.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};
use serde::Serialize;
use vector_components::Reason;

use super::{Accounts, Counts, Ledger, OTHERS, sum};

/// Projects with series of their own in `/metrics`; the others are one.
const METRICS_PROJECTS_MAX: usize = 100;

/// The answer to `GET /v1/ledger`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When the first run began, RFC 3339.
    pub since: String,
    /// When this run began.
    pub started: String,
    /// All projects that are shown, over all runs.
    pub total: Counts,
    /// The same of this run.
    pub this_run: Counts,
    /// By project, over all runs.
    pub projects: Accounts,
    /// What the gateway as a whole has still to do; not for a project's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Whole>,
}

/// What no project's account says.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "as the metrics of these names, docs/gateway.md")]
pub struct Whole {
    pub journal_events: i64,
    pub journal_bytes: i64,
    pub journal_events_refused: u64,
    pub journal_events_damaged: u64,
    pub dead_letters_kept: u64,
    pub dead_letters_waiting: i64,
    pub dead_letters_lost: u64,
}

impl Collector for Ledger {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let accounts = self.accounts();
        let all = sum(&accounts);
        let counters: [(&str, &str, u64); 4] = [
            ("events_received", "Events in the bodies that were read", all.received),
            ("events_stored", "Events that are durable", all.stored),
            ("events_duplicate", "Events that stood twice in a request, or were known to be stored", all.duplicate),
            ("events_failed", "Events whose sender was told to send them again", all.failed),
        ];
        for (name, help, value) in counters {
            ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let help = "Events that wait for the sink";
        ConstGauge::new(signed(all.pending)).encode(encoder.encode_descriptor(
            "events_pending",
            help,
            None,
            MetricType::Gauge,
        )?)?;
        let help = "Events that break the contract, by reason";
        let mut dropped = encoder.encode_descriptor("events_dropped", help, None, MetricType::Counter)?;
        for reason in Reason::ALL {
            let count = all.dropped_by_reason.get(&reason).copied().unwrap_or_default();
            labelled(&mut dropped, &[("reason", reason.as_str())], count)?;
        }
        let help = "Events by project and outcome";
        let mut by_project = encoder.encode_descriptor("project_events", help, None, MetricType::Counter)?;
        for (project, counts) in bounded(accounts) {
            for (outcome, count) in [
                ("received", counts.received),
                ("stored", counts.stored),
                ("duplicate", counts.duplicate),
                ("dropped", counts.dropped),
                ("failed", counts.failed),
            ] {
                labelled(&mut by_project, &[("project", &project), ("outcome", outcome)], count)?;
            }
        }
        Ok(())
    }
}

fn labelled(encoder: &mut MetricEncoder<'_>, labels: &[(&str, &str)], count: u64) -> Result<(), fmt::Error> {
    ConstCounter::new(count).encode(encoder.encode_family(&labels)?)
}

/// The first projects by name, and the rest as one.
fn bounded(accounts: Accounts) -> Accounts {
    let mut shown = Accounts::new();
    for (project, counts) in accounts {
        let name = if shown.len() < METRICS_PROJECTS_MAX { project } else { OTHERS.to_owned() };
        *shown.entry(name).or_default() += &counts;
    }
    shown
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    #[test]
    fn series_are_bounded_and_add_up() {
        let ledger = Ledger::default();
        for n in 0..250 {
            drop(ledger.open(&format!("p{n:03}"), 2));
        }
        let mut registry = Registry::with_prefix("footfall");
        registry.register_collector(Box::new(ledger));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let received = |line: &&str| line.starts_with("footfall_project_events_total") && line.contains("\"received\"");
        let values: Vec<u64> =
            text.lines().filter(received).map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!((values.len(), values.iter().sum::<u64>()), (METRICS_PROJECTS_MAX + 1, 500), "{text}");
        assert!(
            text.contains("footfall_events_received_total 500\n")
                && text.contains("footfall_events_failed_total 500\n")
        );
        assert!(text.contains("footfall_events_dropped_total{reason=\"too_large\"} 0\n"));
    }
}
