//! The gateway: events over HTTP, answered when they are durable.
//!
//! # Path of an event
//! 1. [`endpoints`] hands a request to its format of [`wire`], which says which project it names
//!    ([`sender`] checks it, and what the [`projects`] allow). The body is read within its limits ([`body`]) and within the memory that
//!    all requests share ([`in_flight`]), and the format splits it into raw events.
//! 2. [`ingest`] judges each by
//!    `vector_components::validate`; one that fails is dropped with a named reason, the good ones
//!    beside it go on. `Privacy` takes out what the operator does not want stored.
//! 3. [`identify`] completes what an event is stored under: what its client did not send comes from
//!    its first arrival ([`arrivals`]).
//! 4. The [`sink`] makes them durable: `direct` enriches them and writes the rows into the [`journal`], from which they
//!    are inserted into ClickHouse in batches; `kafka` produces them with `acks=all`, and writes them into the journal
//!    while Kafka is away.
//! 5. Only then the answer is sent, with one outcome per event, in order ([`outcome`]), as the
//!    format's clients expect it. What was dropped goes to the [`dead_letters`], for which nobody waits.
//!
//! # Invariants
//! * 201 means durable. A failed or timed-out sink is 503 with `Retry-After`, and a retry
//!   of the same body is the same events.
//! * What identifies a stored event is a function of what the client sent, never of when it arrived.
//! * Every received event has one outcome, and the counts of the [`ledger`] add up:
//!   received = stored + dropped (by reason) + duplicate + failed + pending.
//! * No queue, body or wait is without a limit ([`config::Limits`]); all requests together hold no
//!   more memory than they may.

pub mod answering;
pub mod arrivals;
pub mod body;
pub mod check_config;
pub mod cli;
pub mod client_ip;
pub mod config;
pub mod connections;
pub mod dead_letters;
pub mod endpoints;
pub mod exception;
pub mod gate;
pub mod geoip;
pub mod heal;
pub mod identify;
pub mod in_flight;
pub mod ingest;
pub mod instance;
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod migrate;
pub mod openapi;
pub mod operate;
pub mod options;
pub mod outcome;
pub mod projects;
pub mod rate;
pub mod recent;
pub mod replace;
pub mod salt;
pub mod sender;
pub mod server;
pub mod sink;
pub mod tls;
pub mod upkeep;
pub mod wire;
