//! `footfall_validate`: events of clients, as they sent them → the form of the topic `analytics`. For
//! events that did not come through the gateway, which does the same.

pub mod config;
pub mod transform;
