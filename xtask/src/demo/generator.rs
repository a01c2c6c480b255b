//! A year of plausible visits, the same for the same seed and day.
//!
//! Visitors return, weekdays and evenings are busier, campaigns bring some of them, and
//! the shop's funnel loses some at each step. IP addresses are from MaxMind's test database, user
//! agents from real browsers.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::traffic::{ENTRIES, HOST, NETWORKS, PAGES, SOURCES, USER_AGENTS, address};

/// The visits' project.
pub const PROJECT: &str = "website";
/// Days to fill before the anchor.
pub const DAYS: i64 = 365;
const DAY_MS: i64 = 86_400_000;
/// People who pass by while the demo is up.
const PASSERS: usize = 200;

/// One session of one visitor, as one request.
pub struct Visit {
    /// The client's IP address.
    pub ip: String,
    /// The client's user agent.
    pub user_agent: &'static str,
    /// The events, in order.
    pub events: Vec<Value>,
}

struct Person {
    id: String,
    signed_up: bool,
    ip: String,
    user_agent: &'static str,
    locale: &'static str,
}

/// Generates visits until there are at least `events_min` events, in chronological order.
pub fn visits(seed: u64, anchor_ms: i64, events_min: usize) -> Vec<Visit> {
    let mut rng = StdRng::seed_from_u64(seed);
    // A session has about eight events, a visitor about three sessions.
    let mut people: Vec<Person> = (0..(events_min / 24).max(10)).map(|n| person(&mut rng, n)).collect();
    let mut visits = Vec::new();
    let mut events = 0;
    while events < events_min {
        // Squared, so that a few people come often and many come once.
        let draw: f64 = rng.random::<f64>();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index below the length"
        )]
        let at = ((draw * draw) * people.len() as f64) as usize;
        let last = people.len() - 1;
        let start_ms = anchor_ms - moment(&mut rng);
        let visit = visit(&mut rng, &mut people[at.min(last)], start_ms, visits.len());
        events += visit.events.len();
        visits.push((start_ms, visit));
    }
    visits.sort_by_key(|(start_ms, _)| *start_ms);
    visits.into_iter().map(|(_, visit)| visit).collect()
}

/// Visitors who come while the demo is up: another visit of the same people each time.
pub struct Passers {
    rng: StdRng,
    people: Vec<Person>,
    visits: usize,
}

/// Sessions of passers have numbers beyond those of the year.
const FIRST_PASSER: usize = 1_000_000;

impl Passers {
    /// `begun_s` keeps the sessions of several runs apart.
    pub fn new(seed: u64, begun_s: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ begun_s);
        let people = (0..PASSERS).map(|n| person(&mut rng, n)).collect();
        let visits = FIRST_PASSER + usize::try_from(begun_s).unwrap_or_default();
        Self { rng, people, visits }
    }

    /// A visit that has just ended.
    pub fn next(&mut self, now_ms: i64) -> Visit {
        self.visits += 1;
        let at = self.rng.random_range(0..self.people.len());
        let mut visit = visit(&mut self.rng, &mut self.people[at], 0, self.visits);
        let last_ms = visit.events.last().and_then(|event| event["timestamp"].as_i64()).unwrap_or_default();
        for event in &mut visit.events {
            let at_ms = event["timestamp"].as_i64().unwrap_or_default();
            event["timestamp"] = (now_ms - last_ms + at_ms).into();
        }
        visit
    }
}

/// How long before the anchor a visit starts: more in the evening, fewer at weekends.
fn moment(rng: &mut StdRng) -> i64 {
    loop {
        let day = rng.random_range(1..=DAYS);
        let hour = rng.random_range(0..24_i64);
        let weekend = day % 7 < 2;
        let evening = (10..22).contains(&hour);
        let chance = if evening { 1.0 } else { 0.35 } * if weekend { 0.6 } else { 1.0 };
        if rng.random_bool(chance) {
            return day * DAY_MS - hour * 3_600_000 - rng.random_range(0..3_600_000);
        }
    }
}

fn person(rng: &mut StdRng, n: usize) -> Person {
    let (network, locale) = NETWORKS.choose(rng).copied().unwrap_or(NETWORKS[0]);
    let ip = address(network, |low, high| rng.random_range(low..=high));
    let user_agent = USER_AGENTS.choose(rng).copied().unwrap_or(USER_AGENTS[0]);
    Person { id: format!("v{n:06}"), signed_up: false, ip, user_agent, locale }
}

fn visit(rng: &mut StdRng, person: &mut Person, start_ms: i64, number: usize) -> Visit {
    let session_id = format!("s{number:07}");
    let (query, referrer) = SOURCES.choose(rng).copied().unwrap_or(("", ""));
    let mut at_ms = start_ms;
    let mut events = Vec::new();
    let mut push = |rng: &mut StdRng, kind: &str, path: &str, extra: Value| {
        let entry = events.is_empty();
        let mut event = json!({
            "type": kind, "timestamp": at_ms, "anonymous_id": person.id, "locale": person.locale,
            "path": path, "url": format!("{HOST}{path}{}", if entry { query } else { "" }), "appVersion": "1.4.0",
        });
        // Every tenth visit is from a client without session ids.
        if !number.is_multiple_of(10) {
            event["session_id"] = session_id.as_str().into();
        }
        if entry && !referrer.is_empty() {
            event["referrer"] = referrer.into();
        }
        if let (Some(event), Value::Object(extra)) = (event.as_object_mut(), extra) {
            event.extend(extra);
        }
        events.push(event);
        at_ms += rng.random_range(2_000..95_000);
    };
    let entry = ENTRIES.choose(rng).copied().unwrap_or("/");
    push(rng, "page_view", entry, json!({}));
    if rng.random_bool(0.68) {
        for _ in 0..rng.random_range(1..9) {
            let page = PAGES.choose(rng).copied().unwrap_or("/");
            push(rng, "page_view", page, json!({}));
            if rng.random_bool(0.3) {
                push(rng, "click", "/pricing", json!({"details": {"button": "plan"}}));
            }
        }
        if rng.random_bool(0.45) {
            push(rng, "page_view", "/pricing", json!({}));
            if person.signed_up || rng.random_bool(0.4) {
                push(rng, "sign_up", "/sign-up", json!({"details": {"plan": "pro"}}));
                person.signed_up = true;
                if rng.random_bool(0.35) {
                    let cents = f64::from(rng.random_range(900..19_900_u32)) / 100.0;
                    push(rng, "purchase", "/checkout/done", json!({"revenue": {"amount": cents, "currency": "EUR"}}));
                }
            }
        }
    }
    Visit { ip: person.ip.clone(), user_agent: person.user_agent, events }
}
