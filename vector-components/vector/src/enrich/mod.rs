//! `footfall_enrich`: a message of the topic `analytics` → a row of `analytics.events`.

mod columns;
pub mod config;
pub mod output_form;
pub mod transform;
