//! A year of plausible visits, the same for the same seed and day.
//!
//! Visitors return, weekdays and evenings are busier, campaigns bring some of them, and
//! the shop's funnel leaks at each step. Addresses are of MaxMind's test database, user
//! agents those of real browsers.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// The project of the visits.
pub const PROJECT: &str = "website";
/// Days before the anchor that are filled.
pub const DAYS: i64 = 365;
const DAY_MS: i64 = 86_400_000;
const HOST: &str = "https://shop.example";

/// One session of one visitor, as one request.
pub struct Visit {
    /// The client's address.
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

/// Makes visits until there are at least `events_min` events, in order of time.
pub fn visits(seed: u64, anchor_ms: i64, events_min: usize) -> Vec<Visit> {
    let mut rng = StdRng::seed_from_u64(seed);
    // A session has about eight events, a visitor about three sessions.
    let mut people: Vec<Person> = (0..(events_min / 24).max(10)).map(|n| person(&mut rng, n)).collect();
    let mut visits = Vec::new();
    let mut events = 0;
    while events < events_min {
        // Squared, so that few people come often and many come once.
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

/// How long before the anchor a visit begins: more in the evening, fewer at weekends.
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
    let ip = match network.strip_suffix("::") {
        Some(prefix) => format!("{prefix}::{:x}", rng.random_range(1..0xffff)),
        None => {
            let (prefix, range) = network.rsplit_once('.').unwrap_or((network, "1-254"));
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let bound = |text: &str| text.parse::<u8>().unwrap_or(1);
            format!("{prefix}.{}", rng.random_range(bound(low)..=bound(high)))
        }
    };
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
        // Every tenth visit is of a client that keeps no session.
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

const ENTRIES: [&str; 5] = ["/", "/", "/", "/blog/why-self-host", "/pricing"];
const PAGES: [&str; 9] = [
    "/",
    "/features",
    "/docs",
    "/docs/install",
    "/blog",
    "/blog/why-self-host",
    "/blog/kafka-at-home",
    "/about",
    "/contact",
];

/// The entry's query string and its referrer.
const SOURCES: [(&str, &str); 9] = [
    ("", ""),
    ("", ""),
    ("", "https://www.google.com/"),
    ("", "https://duckduckgo.com/"),
    ("", "https://news.ycombinator.com/"),
    ("", "https://www.reddit.com/r/selfhosted"),
    ("?utm_source=newsletter&utm_medium=email&utm_campaign=spring", ""),
    ("?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=x", "https://www.google.com/"),
    ("?utm_source=mastodon&utm_medium=social&utm_campaign=launch", "https://mastodon.social/"),
];

/// Networks of MaxMind's test database, with a locale of the place.
const NETWORKS: [(&str, &str); 24] = [
    ("81.2.69.144-159", "en-GB"),
    ("81.2.69.160-191", "en-GB"),
    ("2.125.160.217-222", "en-GB"),
    ("89.160.20.128-254", "sv-SE"),
    ("89.160.20.113-126", "sv-SE"),
    ("175.16.199.1-254", "zh-CN"),
    ("216.160.83.57-62", "en-US"),
    ("216.160.83.57-62", "en-US"),
    ("214.78.0.1-254", "en-US"),
    ("214.78.0.1-254", "en-US"),
    ("2001:218::", "ja-JP"),
    ("2001:220::", "ko-KR"),
    ("2001:238::", "zh-TW"),
    ("2a02:d180::", "de-DE"),
    ("2a02:d480::", "de-DE"),
    ("2a02:d600::", "de-DE"),
    ("2a02:d340::", "fr-FR"),
    ("2a02:d580::", "fr-FR"),
    ("2a02:d1c0::", "it-IT"),
    ("2a02:d5c0::", "es-ES"),
    ("2a02:e040::", "nl-NL"),
    ("2a02:d100::", "pl-PL"),
    ("2a02:d740::", "de-CH"),
    ("2a02:d140::", "nb-NO"),
];

const USER_AGENTS: [&str; 12] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];
