//! One row of `analytics.events` (provisioning/clickhouse), as a sink writes it. [`columns`] is the
//! table of all columns; the direct sink and Vector's clickhouse sink write the same row.

mod columns;
mod event_id;
#[cfg(test)]
mod sample;
mod url_rest;
mod value;

pub use columns::{COLUMNS, Column, Presence, Role, Row, column};
pub use event_id::stored_event_id;
pub use url_rest::{UrlRest, url_rest};
