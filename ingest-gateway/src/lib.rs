//! The gateway: events over HTTP, answered when they are durable.
//!
//! # Path of an event
//! 1. [`endpoints::events`] takes a request: which project, which address ([`client_ip`]),
//!    the body within its limits and decoded ([`body`]), the events in it ([`decode`]).
//! 2. Each event is validated by `vector_components::validate`; one that fails is dropped
//!    with a named reason, the good ones beside it go on. `Privacy` takes out what the
//!    operator wants nowhere stored.
//! 3. The [`sink`] makes them durable: `direct` enriches them and inserts into ClickHouse
//!    in batches, `kafka` produces them with `acks=all`.
//! 4. Only then the answer is sent, with one outcome per event, in order ([`outcome`]).
//!
//! # Invariants
//! * 201 means durable. A failed or timed-out sink is 503 with `Retry-After`, and a retry
//!   of the same body is the same events.
//! * Every received event has one outcome, and the counts in [`metrics`] add up:
//!   received = stored + dropped (by reason) + duplicate + failed + pending.
//! * No queue, body or wait is without a limit ([`config::Limits`]).

pub mod answering;
pub mod body;
pub mod client_ip;
pub mod config;
pub mod connections;
pub mod decode;
pub mod endpoints;
pub mod exception;
pub mod geoip;
pub mod metrics;
pub mod migrate;
pub mod operate;
pub mod outcome;
pub mod rate;
pub mod salt;
pub mod server;
pub mod sink;
