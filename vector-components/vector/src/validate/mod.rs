//! `footfall_validate`: raw events from clients → the format of the topic `analytics`. For
//! events that bypass the gateway, which does the same.

pub mod config;
pub mod transform;
