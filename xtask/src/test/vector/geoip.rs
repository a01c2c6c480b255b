//! A new GeoIP file is loaded while Vector runs.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use reqwest::Client;
use serde_json::json;

use super::Ground;
use crate::{clickhouse::ask, root, vector::Vector};

/// Files are checked every 30 s.
const RELOAD_TIME_MAX: Duration = Duration::from_secs(60);
const ARRIVE_TIME_MAX: Duration = Duration::from_secs(30);
/// Of London in MaxMind's test database.
const ADDRESS: &str = "81.2.69.160";

/// Starts Vector with a database that spells a city differently, and then replaces it.
pub async fn reloads(ground: &Ground<'_>) -> anyhow::Result<String> {
    let database = ground.folder.join("city.mmdb");
    let published = fs::read(root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb"))?;
    replace(&database, &respelt(&published))?;
    let place = ground.place_with("geoip", &database)?;
    let mut vector = Vector::start(ground.program, &place.folder, "footfall.yaml")?;
    ensure!(city(ground, &mut vector, 0).await? == "Lxndon", "the database that was given was not used");
    replace(&database, &published)?;
    let started = Instant::now();
    let mut n = 1;
    while city(ground, &mut vector, n).await? != "London" {
        ensure!(started.elapsed() < RELOAD_TIME_MAX, "the new database is not used after {RELOAD_TIME_MAX:?}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        n += 1;
    }
    vector.stop()?;
    Ok("a new GeoIP file loaded without a restart".to_owned())
}

/// The same database with another spelling of London, which is as long.
fn respelt(database: &[u8]) -> Vec<u8> {
    let mut bytes = database.to_vec();
    let at: Vec<usize> =
        bytes.windows(6).enumerate().filter(|(_, word)| *word == b"London").map(|(at, _)| at).collect();
    for at in at {
        bytes[at + 1] = b'x';
    }
    bytes
}

/// As `geoipupdate` does: written to a temporary file, then renamed.
fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = file.with_extension("part");
    fs::write(&temporary, bytes)?;
    Ok(fs::rename(temporary, file)?)
}

/// The city that a new event of [`ADDRESS`] is given.
async fn city(ground: &Ground<'_>, vector: &mut Vector, n: usize) -> anyhow::Result<String> {
    let client = Client::new();
    let event = json!({"type": format!("geoip-{n}"), "user_id": "1"});
    let request = client.post(format!("{}/v1/events", ground.gateway.first_line)).header("X-App", "website");
    let answer = request.header("X-Forwarded-For", ADDRESS).json(&event).send().await?;
    ensure!(answer.status() == 201, "the gateway answered {}", answer.status());
    let started = Instant::now();
    loop {
        vector.check()?;
        let sql = format!("SELECT city FROM analytics.events WHERE event = 'geoip-{n}'");
        let city = ask(&client, &ground.clickhouse, &sql, &[]).await?;
        if !city.is_empty() {
            return Ok(city);
        }
        ensure!(started.elapsed() < ARRIVE_TIME_MAX, "the event did not arrive");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
