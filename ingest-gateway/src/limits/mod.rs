//! What one request, and all of them, may take.

pub mod rate;

use std::time::Duration;

use anyhow::bail;

use crate::in_flight::{EVENT_OVERHEAD_BYTES, ROW_OVERHEAD_BYTES};

/// The address of a request, its query included, in bytes.
pub const ADDRESS_BYTES_MAX: usize = 8 << 10;
/// The lines of a request's head.
pub const HEADERS_MAX: usize = 80;
/// All of them, in bytes.
pub const HEADERS_BYTES_MAX: usize = 32 << 10;

/// The limits of the gateway, each with its unit.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct Limits {
    pub body_bytes_max: usize,
    pub decoded_bytes_max: usize,
    pub batch_events_max: usize,
    pub pending_events_max: usize,
    pub in_flight_bytes_max: usize,
    pub remembered_events_max: u64,
    pub recent_events_max: usize,
    pub request_time_max: Duration,
    pub body_pause_max: Duration,
    /// 0: any number.
    pub address_requests_per_s_max: u32,
}

impl Limits {
    /// A request that keeps each limit of its own must find room when it is alone, or it would be told
    /// to come again for ever.
    ///
    /// # Errors
    /// Names the option that is too small.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.pending_events_max < self.batch_events_max {
            bail!(
                "FOOTFALL_PENDING_EVENTS_MAX is {}, less than the {} of FOOTFALL_BATCH_EVENTS_MAX: a full batch would never be taken",
                self.pending_events_max,
                self.batch_events_max
            );
        }
        let needed = self.request_bytes_max();
        if self.in_flight_bytes_max < needed {
            bail!(
                "FOOTFALL_IN_FLIGHT_BYTES_MAX is {}, less than the {needed} that one request may take by FOOTFALL_BODY_BYTES_MAX, FOOTFALL_DECODED_BYTES_MAX and FOOTFALL_BATCH_EVENTS_MAX",
                self.in_flight_bytes_max
            );
        }
        Ok(())
    }

    /// What one request may hold: its body, that decoded, its events, translated if they came in another
    /// format, and what they are encoded as, which is no more than twice as long where every character has
    /// to be escaped.
    fn request_bytes_max(&self) -> usize {
        let events = self.batch_events_max.saturating_mul(EVENT_OVERHEAD_BYTES + ROW_OVERHEAD_BYTES);
        let texts = self.decoded_bytes_max.max(self.body_bytes_max).saturating_mul(4);
        self.body_bytes_max.saturating_add(texts).saturating_add(events)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::{cli::Cli, config::Config};

    #[test]
    fn limits_that_shut_out_a_request_for_ever_are_refused_at_the_start() {
        let resolve = |arguments: &[&str]| {
            Config::resolve(Cli::parse_from([&["ingest-gateway"], arguments].concat()).options)
                .map_err(|e| e.to_string())
        };
        assert!(resolve(&[]).is_ok());
        let pending = resolve(&["--pending-events-max", "10", "--batch-events-max", "11"]).unwrap_err();
        assert!(pending.contains("FOOTFALL_PENDING_EVENTS_MAX is 10, less than the 11"), "{pending}");
        let bytes = resolve(&["--in-flight-bytes-max", "1000000"]).unwrap_err();
        assert!(bytes.contains("FOOTFALL_IN_FLIGHT_BYTES_MAX is 1000000"), "{bytes}");
    }
}
