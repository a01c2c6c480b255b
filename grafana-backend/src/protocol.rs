//! Grafana's plugin protocol: its messages and services, generated from Grafana's own protobuf files.
//! With `frame/arrow.rs` the only file that names the SDK, so that a newer one can take its place.

pub use grafana_plugin_sdk::pluginv2::*;
