//! `cargo xtask seed`: inserts any number of synthetic events directly into ClickHouse, the same for
//! the same options: returning people, busier weekdays and evenings, campaigns,
//! a funnel with drop-off, late events, a crawler.

mod native;
mod row;
mod visit;
mod world;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    bin, cargo,
    clickhouse::{Server, ask},
    engine, root,
};
use row::SeedRow;
use visit::Visit;
use world::{World, mix};

const DAY_MS: i64 = 86_400_000;
/// Average number of events of a [`visit`]; the last day is filled up to the requested total.
const EVENTS_OF_A_VISIT: f64 = 7.7;
/// Average number of visits per person.
const VISITS_OF_A_PERSON: u64 = 3;
/// Approximate rows per insert: each insert creates a part in each table.
const INSERT_ROWS: u64 = 500_000;
const INSERT: &str = "INSERT INTO analytics.events FORMAT Native";
/// Concurrent inserts.
const INSERTS_MAX: usize = 2;

/// Options for the seed.
#[derive(Args, Clone)]
pub struct Options {
    /// Number of events.
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u64,
    /// Days before `--until`.
    #[arg(long, default_value_t = 90)]
    pub days: u32,
    /// Projects with their shares, such as website:10,app:3.
    #[arg(long, default_value = "website")]
    pub projects: String,
    /// The generator's seed.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The day after the last, such as 2026-01-31; defaults to today.
    #[arg(long)]
    pub until: Option<chrono::NaiveDate>,
    /// ClickHouse's URL; defaults to the embedded engine on `--data`.
    #[arg(long, env = "CLICKHOUSE_URL")]
    pub clickhouse: Option<String>,
    /// The embedded engine's folder.
    #[arg(long, default_value = ".footfall/demo/clickhouse")]
    pub data: std::path::PathBuf,
}

/// A project and its share of the events.
#[derive(Clone)]
struct Project {
    name: String,
    share: f64,
    seed: u64,
}

/// Build → open ClickHouse → migrate → fill → report.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let built = cargo().args(["build", "--release", "--bins"]).status()?;
    ensure!(built.success(), "the build failed");
    let (server, engine) = match options.clickhouse.clone().filter(|url| !url.is_empty()) {
        Some(url) => (Server::external(url), None),
        None => {
            engine::install()?;
            let folder = root().join(&options.data);
            std::fs::create_dir_all(&folder)?;
            let engine = engine::start(&folder, &folder.join("../engine.log")).await?;
            (engine.server.clone(), Some(engine))
        }
    };
    migrate(&server).await?;
    let started = Instant::now();
    let rows = fill(&server, &options).await?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    let rate = rows as f64 / seconds;
    eprintln!("{rows} events in {seconds:.1} s, {rate:.0} rows/s");
    println!(
        "{}",
        json!({"name": "seed", "ok": true, "ratios": {}, "figures": {"rows": rows, "seed_rows_per_s": rate.round()}, "peers": {}})
    );
    match engine {
        Some(engine) => engine.stop().await,
        None => Ok(()),
    }
}

/// Migrates the server's tables.
pub async fn migrate(server: &Server) -> anyhow::Result<()> {
    let status = std::process::Command::new(bin("ingest-gateway"))
        .arg("migrate")
        .envs(server.environment())
        .stdout(std::process::Stdio::null())
        .status()?;
    ensure!(status.success(), "cannot migrate the tables");
    Ok(())
}

/// Fills `analytics.events` and returns the number of rows.
pub async fn fill(server: &Server, options: &Options) -> anyhow::Result<u64> {
    let world = Arc::new(World::new(&root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb"))?);
    let projects = projects(&options.projects, options.seed)?;
    let until = options.until.unwrap_or_else(|| chrono::Utc::now().date_naive());
    let until_ms = until.and_hms_opt(0, 0, 0).context("no such day")?.and_utc().timestamp_millis();
    let bar = ProgressBar::new(options.rows)
        .with_style(ProgressStyle::with_template("  events  {bar:40} {human_pos}/{human_len}  {per_sec}  {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let client = clickhouse::Client::default()
        .with_url(&server.url)
        // Loopback is faster than any compression; merges replace rows later.
        .with_compression(clickhouse::Compression::None)
        .with_setting("optimize_on_insert", "0")
        .with_setting("max_partitions_per_insert_block", "0")
        .with_setting("max_insert_block_size", INSERT_ROWS.to_string())
        .with_setting("min_insert_block_size_rows", INSERT_ROWS.to_string());
    let client = match server.user() {
        "" => client,
        user => client.with_user(user).with_password(server.password()),
    };
    // Merging while loading would rewrite most rows several times, so merges run afterwards.
    ask(&reqwest::Client::new(), server, "SYSTEM STOP MERGES", &[]).await?;
    let mut inserts = JoinSet::new();
    for (number, days) in (0_u64..).zip(inserts_of(options, until_ms)) {
        if inserts.len() >= INSERTS_MAX {
            inserts.join_next().await.transpose()?.transpose()?;
        }
        let (world, projects, client, bar) = (Arc::clone(&world), projects.clone(), client.clone(), bar.clone());
        let (total, seed) = (options.rows, mix(options.seed ^ mix(number)));
        inserts.spawn(async move {
            let block = tokio::task::block_in_place(|| {
                let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
                let rows = Filling { world: &world, projects: &projects, total }.batch(&days, seed)?;
                native::encode(&world, &names, &rows)
            })?;
            let mut insert = client.insert_formatted_with(INSERT);
            insert.send(block.into()).await?;
            insert.end().await?;
            bar.inc(days.iter().map(|(_, rows)| rows).sum());
            anyhow::Ok(())
        });
    }
    while let Some(done) = inserts.join_next().await {
        done??;
    }
    ask(&reqwest::Client::new(), server, "SYSTEM START MERGES", &[]).await?;
    bar.finish_and_clear();
    Ok(options.rows)
}

/// The start of a day, and its number of rows.
type Day = (i64, u64);

/// Consecutive days, or parts of one, of about [`INSERT_ROWS`] rows.
fn inserts_of(options: &Options, until_ms: i64) -> Vec<Vec<Day>> {
    let weights: Vec<f64> = (0..options.days).map(|day| weight(options.days, day)).collect();
    let all: f64 = weights.iter().sum();
    let mut left = options.rows;
    let (mut out, mut days, mut rows_of_insert) = (Vec::new(), Vec::new(), 0);
    for (at, weight) in weights.iter().enumerate() {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            clippy::cast_possible_truncation,
            reason = "a share of the rows"
        )]
        let share = (options.rows as f64 * weight / all) as u64;
        let mut rows = if at + 1 == weights.len() { left } else { share.min(left) };
        left -= rows;
        let day_ms = until_ms - (weights.len() - at) as i64 * DAY_MS;
        while rows > 0 {
            let part = rows.min(INSERT_ROWS - rows_of_insert);
            days.push((day_ms, part));
            rows -= part;
            rows_of_insert += part;
            if rows_of_insert == INSERT_ROWS {
                out.push(std::mem::take(&mut days));
                rows_of_insert = 0;
            }
        }
    }
    if !days.is_empty() {
        out.push(days);
    }
    out
}

/// Who comes, and how often.
#[derive(Clone, Copy)]
struct Filling<'a> {
    world: &'a World,
    projects: &'a [Project],
    /// Rows of all inserts.
    total: u64,
}

impl Filling<'_> {
    /// Exactly the days' number of rows.
    fn batch(&self, days: &[Day], seed: u64) -> anyhow::Result<Vec<SeedRow>> {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut out = Vec::with_capacity(usize::try_from(INSERT_ROWS)?);
        for (day_ms, rows) in days {
            let wanted = out.len() + usize::try_from(*rows)?;
            self.fill_day(*day_ms, wanted, &mut rng, &mut out)?;
            out.truncate(wanted);
        }
        Ok(out)
    }

    fn fill_day(&self, day_ms: i64, wanted: usize, rng: &mut SmallRng, out: &mut Vec<SeedRow>) -> anyhow::Result<()> {
        while out.len() < wanted {
            let draw: f64 = rng.random::<f64>();
            let mut below = 0.0;
            let number = self.projects.iter().position(|project| {
                below += project.share;
                draw < below
            });
            let number = number.unwrap_or(0);
            let project = &self.projects[number];
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                clippy::cast_possible_truncation,
                reason = "a number of people"
            )]
            let person = {
                let visits = self.total as f64 * project.share / EVENTS_OF_A_VISIT;
                let people = (visits / VISITS_OF_A_PERSON as f64).max(10.0);
                // Squared, so that a few people come often and many come once.
                let skew: f64 = rng.random::<f64>();
                (skew * skew * people) as u64
            };
            let visit = Visit {
                project: (&project.name, u16::try_from(number)?),
                seed: project.seed,
                number: rng.random(),
                start_ms: day_ms + moment(rng),
                person,
            };
            visit::write(self.world, &visit, rng, out);
        }
        Ok(())
    }
}

/// Weekends are quieter, and the site grows.
fn weight(days: u32, day: u32) -> f64 {
    let growth = 0.7 + 0.6 * f64::from(day) / f64::from(days.max(1));
    growth * if day % 7 >= 5 { 0.6 } else { 1.0 }
}

/// The time of day a visit starts: more often from ten to ten.
fn moment(rng: &mut SmallRng) -> i64 {
    loop {
        let ms = rng.random_range(0..DAY_MS - 3_600_000);
        if (10..22).contains(&(ms / 3_600_000)) || rng.random_bool(0.35) {
            return ms;
        }
    }
}

fn projects(list: &str, seed: u64) -> anyhow::Result<Vec<Project>> {
    let mut out = Vec::new();
    for (at, part) in list.split(',').map(str::trim).filter(|part| !part.is_empty()).enumerate() {
        let (name, share) = part.split_once(':').unwrap_or((part, "1"));
        let share: f64 = share.parse().with_context(|| format!("--projects: {share:?} is not a number"))?;
        ensure!(share.is_finite() && share > 0.0, "--projects: the share of {name} must be above 0");
        out.push(Project { name: name.to_owned(), share, seed: mix(seed ^ mix(at as u64)) });
    }
    ensure!(!out.is_empty(), "--projects: no project given");
    let all: f64 = out.iter().map(|project| project.share).sum();
    out.iter_mut().for_each(|project| project.share /= all);
    Ok(out)
}
