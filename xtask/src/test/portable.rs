//! The shipped data source in an otherwise empty root: it starts, resolves a name, and answers queries.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::{
    gateway,
    plugin::Plugin,
    portable::{self, Machine},
};

/// A name that only resolves through the root's own `/etc/hosts`, and that the engine accepts as its own.
const NAME: &str = "localhost";

/// Build → check → empty root → handshake, health check and a query.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    if !Machine::this().can_be_built_for() {
        return Ok("NOT RUN: Rust's musl target is not installed and cannot be downloaded (rustup target add)");
    }
    let (root, starter) = (folder.join("root"), folder.join("start"));
    fs::create_dir_all(&root)?;
    fs::copy(portable::build(Machine::this())?, root.join("plugin"))?;
    let command = portable::alone(&root, "/plugin")?.join("' '");
    fs::write(&starter, format!("#!/bin/sh\nexec '{command}'\n"))?;
    fs::set_permissions(&starter, fs::Permissions::from_mode(0o755))?;

    let gateway = gateway::start(&folder.join("gateway"), "website", None).await?;
    // Only the binary: go-plugin's handshake, and an IP address.
    let plugin = Plugin::start(&starter, &gateway.clickhouse, "website", &folder.join("plugin.log")).await?;
    plugin.health().await?;
    drop(plugin);
    // With a hosts file, as in every container.
    fs::create_dir_all(root.join("etc"))?;
    fs::write(root.join("etc/hosts"), format!("127.0.0.1 {NAME}\n"))?;
    let named = gateway.clickhouse.at(gateway.clickhouse.url.replace("127.0.0.1", NAME));
    ensure!(named.url.contains(NAME), "the engine is not at 127.0.0.1");
    let plugin = Plugin::start(&starter, &named, "website", &folder.join("plugin-named.log")).await?;
    plugin.health().await.context("by host name")?;
    let query = json!({"queryType": "sessions", "result": "over_time", "interval": "day"});
    let rows = plugin.query(&query, 1_768_032_000_000, 1_768_118_400_000).await?;
    ensure!(!rows.is_empty(), "a day has no bucket");
    drop(plugin);
    gateway.stop().await?;
    Ok("statically linked; starts, resolves names and answers queries in an otherwise empty root")
}
