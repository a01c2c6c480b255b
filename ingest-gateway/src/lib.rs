//! The gateway: events over HTTP, answered when they are durable.
//!
//! # Path of an event
//! 1. [`endpoints::events`] takes a request: which project, which address ([`client_ip`]),
//!    the body within its limits ([`body`]) and the memory that all requests share ([`in_flight`]).
//! 2. [`ingest`] splits it into the texts of its events ([`decode`]) and judges each by
//!    `vector_components::validate`; one that fails is dropped with a named reason, the good ones
//!    beside it go on. `Privacy` takes out what the operator wants nowhere stored.
//! 3. [`identify`] completes what an event is stored under: what its client did not send comes from
//!    its first arrival ([`arrivals`]).
//! 4. The [`sink`] makes them durable: `direct` enriches them and inserts into ClickHouse
//!    in batches, `kafka` produces them with `acks=all`.
//! 5. Only then the answer is sent, with one outcome per event, in order ([`outcome`]).
//!
//! # Invariants
//! * 201 means durable. A failed or timed-out sink is 503 with `Retry-After`, and a retry
//!   of the same body is the same events.
//! * What identifies a stored event is a function of what the client sent, never of when it arrived.
//! * Every received event has one outcome, and the counts in [`metrics`] add up:
//!   received = stored + dropped (by reason) + duplicate + failed + pending.
//! * No queue, body or wait is without a limit ([`config::Limits`]); all requests together hold no
//!   more memory than they may.

pub mod answering;
pub mod arrivals;
pub mod body;
pub mod client_ip;
pub mod config;
pub mod connections;
pub mod decode;
pub mod endpoints;
pub mod exception;
pub mod geoip;
pub mod heal;
pub mod identify;
pub mod in_flight;
pub mod ingest;
pub mod limits;
pub mod metrics;
pub mod migrate;
pub mod operate;
pub mod outcome;
pub mod rate;
pub mod salt;
pub mod server;
pub mod sink;
