//! Connections in numbers.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Beside the ledger of events.
#[derive(Default)]
#[expect(missing_docs, reason = "each metric's help text says it")]
pub struct ConnectionMetrics {
    pub open: Gauge,
    pub max: Gauge,
    pub accept_errors: Counter,
    pub tls_failed: Counter,
    closed: Family<ClosedLabel, Counter>,
}

/// Why the gateway closed a connection that waited for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedFor {
    /// No request came.
    Idle,
    /// A head did not come to its end.
    SlowHead,
    /// All connections were taken.
    Room,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClosedLabel {
    reason: &'static str,
}

impl ClosedFor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::SlowHead => "slow_head",
            Self::Room => "room",
        }
    }
}

impl ConnectionMetrics {
    /// Enters them into the registry.
    pub fn register(&self, registry: &mut Registry) {
        for reason in [ClosedFor::Idle, ClosedFor::SlowHead, ClosedFor::Room] {
            let _ = self.closed.get_or_create(&ClosedLabel { reason: reason.as_str() });
        }
        registry.register("connections", "Connections that are open", self.open.clone());
        registry.register("connections_max", "Connections that may be open", self.max.clone());
        let help = "Connections closed while they waited for their clients, by reason";
        registry.register("connections_closed", help, self.closed.clone());
        let help = "Failures to take a connection, such as no file descriptor being left";
        registry.register("accept_errors", help, self.accept_errors.clone());
        let help = "Connections on which no TLS could be agreed on";
        registry.register("tls_failed", help, self.tls_failed.clone());
    }

    /// Counts a closed connection.
    pub fn closed(&self, reason: ClosedFor) {
        self.closed.get_or_create(&ClosedLabel { reason: reason.as_str() }).inc();
    }
}
