//! Footfall's Grafana datasource: sessions and funnels on ClickHouse.
//!
//! # Path of a query
//! 1. Grafana calls `pluginv2.Data/QueryData` ([`service::data`]); each refId goes its
//!    own way from here, so that one bad query fails alone.
//! 2. The JSON becomes a typed [`query::Query`]; a wrong field is named.
//! 3. The query becomes SQL with bound parameters ([`query::sql`]): no text of a user
//!    is ever part of a statement.
//! 4. [`clickhouse`] runs it within the datasource's limits.
//! 5. Rows become frames ([`frame`]), which Grafana draws, alerts on and exports.
//!
//! # Invariants
//! * The contract is the tables of provisioning/clickhouse, not the other crates.
//! * Secrets are in [`settings::Secret`], which has no printable form.

pub mod actors;
pub mod clickhouse;
pub mod error;
pub mod frame;
pub mod funnel;
pub mod lifecycle;
pub mod live;
pub mod memory;
pub mod names;
pub mod paths;
pub mod query;
pub mod raw_sql;
pub mod retention;
pub mod serve;
pub mod service;
pub mod sessions;
pub mod settings;
pub mod spikes;
pub mod timeline;
pub mod trend;
