//! Footfall's Grafana datasource: sessions and funnels on ClickHouse.
//!
//! # Path of a query
//! 1. Grafana calls `pluginv2.Data/QueryData` ([`service`]); each refId goes its own way from
//!    here, so that one bad query fails alone.
//! 2. The JSON becomes a [`scope::Scope`] (whose events, of which range, under which filter) and a
//!    [`questions::question::Question`], found by its type in [`questions::registry`]; a wrong
//!    field is named.
//! 3. The question becomes SQL with bound parameters ([`sql`]): no string of a user is ever part
//!    of a statement.
//! 4. [`clickhouse`] runs it within the datasource's limits. What needs a rule per actor is
//!    gathered by actor ([`gathering`]) and folded. Visitors who are one person count as one ([`people`]).
//! 5. Rows become frames ([`frame`]), which Grafana draws, alerts on and exports.
//!
//! # Invariants
//! * The contract is the tables of provisioning/clickhouse, not the other crates.
//! * Secrets are in [`settings::Secret`], which has no printable form.
//! * The SDK is named in two files: `protocol.rs` and `frame/arrow.rs`.
//! * Nothing below [`questions`] knows a type of question, and no type knows another.

pub mod chance;
pub mod check;
pub mod clickhouse;
pub mod cohorts;
pub mod compared;
pub mod error;
pub mod events;
pub mod facts;
pub mod forwarded;
pub mod frame;
pub mod gathering;
pub mod json;
pub mod label;
pub mod linked;
pub mod memory;
pub mod names;
pub mod numbers;
pub mod partial;
pub mod people;
pub mod presence;
pub mod protocol;
pub mod questions;
pub mod scope;
pub mod serve;
pub mod service;
pub mod settings;
pub mod sql;
pub mod sql_tables;
pub mod time;
