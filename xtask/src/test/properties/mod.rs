//! Random events and random queries, through the real plugin protocol and the real engine,
//! against tests/oracle/queries.py, which shares no code with them.
//!
//! Each case is a separate project: few people, few names, colliding timestamps, duplicate
//! events, daylight saving time.

mod asks;
mod behaviours;
mod cohorts;
mod queries;
mod readings;

use std::{fs, io::Write, path::Path, process::Command};

use anyhow::Context;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

use crate::{bin, clickhouse::ask, engine, plugin::Plugin, root, seed};
use cohorts::Cohorts;
use queries::{days_between, few_of_many, pick, query, spikes};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// In Berlin, clocks change in the night after this day.
const BEFORE_CHANGE_MS: i64 = 1_774_656_000_000;
const QUERIES_OF_A_CASE: usize = 12;
/// One project in so many has many people.
const CASES_PER_CROWD: u64 = 20;
/// One project in so many is read by rules of its own, of all kinds of projects.
const CASES_PER_READING: u64 = 3;
const EVENTS: [&str; 4] = ["a", "b", "c", "page_view"];
const PATHS: [&str; 3] = ["/x", "/y", "/z/1"];
/// Seed and number of projects that once had wrong results: the times of an any-order funnel that
/// starts with two simultaneous events, and the exit of a session without an id that spans several half hours.
const ONCE_WRONG: [(u64, u64); 2] = [(4_242, 338), (4_242, 350)];
/// Ids of the projects with people; one of them names a user as well as a device.
const USERS: [&str; 4] = ["u1", "u2", "u3", "old"];
const DEVICES: [&str; 3] = ["d1", "d2", "u3"];
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago"];

/// Generate → insert → query → compare.
pub async fn run(folder: &Path, cases: u64, seed: u64) -> anyhow::Result<String> {
    fs::create_dir_all(folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    let server = engine.server.clone();
    seed::migrate(&server).await?;
    let client = Client::new();
    let now_ms = chrono::Utc::now().timestamp_millis();
    let mut made: Vec<(Vec<Value>, Queries, Value)> = Vec::new();
    let mut readings = String::new();
    let mut of_projects: Vec<Cohorts> = Vec::new();
    let mut body = String::new();
    // Everything of those projects once more, the last first.
    let mut again: Vec<String> = Vec::new();
    let random = (0..cases).map(|number| (seed, number));
    for (at, (seed, number)) in (0..).zip(ONCE_WRONG.into_iter().chain(random)) {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let mut events = events(&mut rng, at);
        // Not among those that were once wrong: they stay as they were.
        let has_people = at >= ONCE_WRONG.len() as u64 && at % 2 == 0;
        if has_people {
            identify(&mut StdRng::seed_from_u64(seed ^ number), &format!("c{at}"), &mut events);
        }
        let mut reading = Value::Null;
        if at >= ONCE_WRONG.len() as u64 && at % CASES_PER_READING == 0 {
            let mut rng = StdRng::seed_from_u64(!seed ^ number);
            reading = readings::reading(&mut rng);
            readings::change_paths(&mut rng, &mut events);
            let mut row = reading.clone();
            row["project"] = format!("c{at}").into();
            readings.push_str(&format!("{row}\n"));
        }
        if has_people {
            again.extend(events.iter().rev().map(Value::to_string));
        }
        for event in &events {
            body.push_str(&event.to_string());
            body.push('\n');
            // Delivered at least once.
            if rng.random_bool(0.1) {
                body.push_str(&event.to_string());
                body.push('\n');
            }
        }
        of_projects.push(Cohorts::of(&rng, &format!("c{at}"), at, &events, has_people));
        made.push((events, Queries::Random(Box::new(rng)), reading));
    }
    for number in 0..cases.div_ceil(CASES_PER_CROWD) {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(u64::MAX - number));
        let (events, queries) = asks::crowd(&mut rng, &format!("c{}", made.len()));
        events.iter().for_each(|event| body.push_str(&format!("{event}\n")));
        made.push((events, Queries::Given(queries), Value::Null));
    }
    // In several parts, so that duplicates are not merged away before the queries.
    for table in ["events", "sessions", "links", "aliases", "cohorts", "cohort_members"] {
        ask(&client, &server, &format!("SYSTEM STOP MERGES analytics.{table}"), &[]).await?;
    }
    let lines: Vec<&str> = body.lines().collect();
    let parts = lines.chunks(lines.len().div_ceil(4).max(1)).map(|part| part.join("\n"));
    for part in parts.chain([again.join("\n")]) {
        let sql = format!("INSERT INTO analytics.events FORMAT JSONEachRow\n{part}");
        ask(&client, &server, &sql, &[("optimize_on_insert", "0")]).await?;
    }
    let sql = format!("INSERT INTO analytics.project_reading FORMAT JSONEachRow\n{readings}");
    ask(&client, &server, &sql, &[]).await?;
    cohorts::store(&client, &server, &of_projects).await?;
    let plugin = Plugin::start(&bin("gpx_footfall"), &server, "c0", &folder.join("plugin.log")).await?;
    let file = folder.join("cases.jsonl");
    let mut out = std::io::BufWriter::new(fs::File::create(&file)?);
    let mut asked = 0;
    for (number, (events, queries, reading)) in made.into_iter().enumerate() {
        let mut queries = queries.into_list(&format!("c{number}"), now_ms);
        if !reading.is_null() {
            let mut rng = StdRng::seed_from_u64(seed ^ !(number as u64));
            queries.iter_mut().for_each(|(query, ..)| readings::change_query(&mut rng, query));
        }
        let mut case = json!({"events": events, "reading": reading});
        if let Some(cohorts) = of_projects.get_mut(number) {
            queries.extend(cohorts.queries());
            case["cohorts"] = cohorts.for_oracle();
            case["undone"] = json!(cohorts.undone);
        }
        let mut answers = Vec::new();
        for (query, from_ms, to_ms) in queries {
            let rows = plugin.query(&query, from_ms, to_ms).await.with_context(|| query.to_string())?;
            answers.push(json!({"query": query, "from_ms": from_ms, "to_ms": to_ms, "now_ms": now_ms, "rows": rows}));
            asked += 1;
        }
        case["answers"] = answers.into();
        writeln!(out, "{case}")?;
    }
    out.flush()?;
    drop(out);
    drop(plugin);
    let mut python = Command::new("python3");
    crate::process::run_to_end(python.arg(root().join("tests/oracle/queries.py")).arg(&file))?;
    engine.stop().await?;
    Ok(format!(
        "{asked} random queries on {cases} random projects, plus {} regressions, equal an independent implementation",
        ONCE_WRONG.len()
    ))
}

/// What is asked of a project.
enum Queries {
    /// Whatever this generates.
    Random(Box<StdRng>),
    /// These.
    Given(Vec<asks::Ranged>),
}

impl Queries {
    fn into_list(self, project: &str, now_ms: i64) -> Vec<asks::Ranged> {
        let mut rng = match self {
            Self::Given(queries) => return queries,
            Self::Random(rng) => *rng,
        };
        let mut others = asks::apart(&rng);
        let mut of_persons = asks::apart(&others);
        let mut queries = Vec::new();
        for _ in 0..QUERIES_OF_A_CASE {
            let query = query(&mut rng, project);
            let from_ms = BEFORE_CHANGE_MS + rng.random_range(-2..2) * DAY_MS + rng.random_range(0..5) * HOUR_MS;
            let to_ms = from_ms + rng.random_range(1..5) * DAY_MS;
            // The earlier range is the one with events.
            let ahead_ms = if rng.clone().random_bool(0.7) { days_between(&query) * DAY_MS } else { 0 };
            queries.push((query, from_ms + ahead_ms, to_ms + ahead_ms));
        }
        // Last, so that the queries of remembered projects stay the same.
        queries.push((spikes(&mut rng, project), BEFORE_CHANGE_MS - DAY_MS, BEFORE_CHANGE_MS + 9 * DAY_MS));
        // Both compared ranges contain events.
        let middle_ms = BEFORE_CHANGE_MS + rng.random_range(0..2) * DAY_MS;
        for query in few_of_many(&mut rng, project) {
            queries.push((query, middle_ms, middle_ms + 2 * DAY_MS));
        }
        queries.extend(asks::queries(&mut others, project, now_ms));
        queries.extend(behaviours::queries(&mut of_persons, project, now_ms));
        queries
    }
}

fn events(rng: &mut StdRng, case: u64) -> Vec<Value> {
    let people = rng.random_range(1..5_u64);
    let count = rng.random_range(0..24);
    // Either few timestamps, so that many events collide, or many.
    let grain_ms = pick(rng, &[1, HOUR_MS / 4, HOUR_MS * 5]);
    let span = (5 * DAY_MS / grain_ms).min(40);
    let mut out = Vec::new();
    for number in 0..count {
        let person = rng.random_range(1..=people);
        let ts_ms = BEFORE_CHANGE_MS - DAY_MS + rng.random_range(0..span) * grain_ms;
        let ts = chrono::DateTime::from_timestamp_millis(ts_ms)
            .unwrap_or_default()
            .format("%Y-%m-%d %H:%M:%S%.3f")
            .to_string();
        let session =
            if rng.random_bool(0.3) { String::new() } else { format!("s{}", rng.random_range(0..people * 2)) };
        let plan = pick(rng, &["p1", "p2", ""]);
        out.push(json!({
            "project": format!("c{case}"), "ts": ts, "event": pick(rng, &EVENTS), "visitor": person * 0x0123_4567_89ab_cdef,
            "session_id": session, "event_id": number + 1, "user_id": if person % 2 == 0 { format!("u{person}") } else { String::new() },
            "path": pick(rng, &PATHS), "country": pick(rng, &["DE", "FR", ""]), "url_rest": "", "revenue_amount": f64::from(rng.random_range(0..400)) / 4.0,
            "properties": if plan.is_empty() { json!({}) } else { json!({"plan": plan, "n": rng.random_range(0..5_i32).to_string()}) },
            // Not random, so that remembered projects stay the same.
            "tie_order": number * 7 % 3,
        }));
        let last = out.len() - 1;
        out[last]["channel"] =
            ["Direct", "Organic Search", "Direct", "", "Referral"][(number * 3 + out.len() / 4) % 5].into();
        // A few times as many values as are shown, many with the same count, some named like the rest.
        let group = ["(other)", "x1", "x2", "((other))", "x3", "(none)", "x4"][(number * 5 + out.len() / 3) % 7];
        out[last]["properties"]["group"] = group.into();
    }
    out
}

/// Gives events the ids of few people and devices, which are shared, and makes some of them aliases.
fn identify(rng: &mut StdRng, project: &str, events: &mut [Value]) {
    for event in events {
        let (user, device) = match rng.random_range(0..10) {
            0..4 => ("", pick(rng, &DEVICES)),
            4..7 => (pick(rng, &USERS), pick(rng, &DEVICES)),
            _ => (pick(rng, &USERS), ""),
        };
        if rng.random_bool(0.1) {
            event["event"] = pick(rng, &["alias", "alias", "$merge_dangerously"]).into();
            let former = pick(rng, &["u1", "u2", "u3", "old", "d1", "d2", ""]);
            event["properties"][pick(rng, &["previous_id", "previousId", "alias"])] = former.into();
        }
        let (kind, id) = if user.is_empty() { (IdKind::Anonymous, device) } else { (IdKind::User, user) };
        event["visitor"] = visitor_of_id(project, kind, id).into();
        event["user_id"] = user.into();
        event["anonymous_id"] = device.into();
    }
}
