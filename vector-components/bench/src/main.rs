//! Enrichment against the article's VRL remap: the same events, the same GeoIP file, one
//! thread, one run, in events per second of CPU time: from bytes to bytes, and the remap
//! alone, without serializing the result.
//!
//! The article's remap parses the JSON, parses the user agent in mode `enriched`, splits
//! the client addresses and looks the first one up. VRL's stdlib has the first three; the lookup is
//! Vector's own function, so it is done here with the same crate, decoding the full record as well.
//!
//! Our own implementation of uap-core's rules is also measured against the `ua-parser` crate, with the
//! same rules and unique headers.

use std::{collections::BTreeMap, error::Error, hint::black_box, path::Path};

use maxminddb::Reader;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value as Json, json};
use vector_components::{
    Arrival, Enricher, Event, Row,
    enrich::{Geo, UserAgents, VisitorSalt},
    event::ClientHeaders,
    validate,
};
use vrl::{
    compiler::{Program, TargetValue, TimeZone, compile, runtime::Runtime},
    path::OwnedValuePath,
    value::{Secrets, Value},
};

const EVENTS: usize = 100_000;
/// Number of unique headers, each of which costs a full parse.
const EVENTS_DISTINCT: usize = 40_000;
const AGENTS: usize = 3_000;
/// The best round counts.
const ROUNDS: usize = 3;
const REMAP: &str = r#"
. = parse_json!(.message)
.ua = parse_user_agent!(.user_agent, mode: "enriched")
.client = split(string!(.ip), ",")[0]
"#;
const REGEXES_JSON: &str = include_str!("../../data/uap-core/regexes.json");
const MMDB: &[u8] = include_bytes!("../../testdata/geoip/GeoLite2-City-Test.mmdb");

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(7);
    let agents: Vec<String> = (0..AGENTS).map(|_| agent(&mut rng)).collect();
    let skewed = events(&mut rng, EVENTS, |rng, _| {
        // Cubed: the first tenth of the agents causes nearly half of the events.
        let draw: f64 = rng.random();
        agents[((draw * draw * draw) * AGENTS as f64) as usize].clone()
    });
    let distinct = events(&mut rng, EVENTS_DISTINCT, |rng, n| format!("{} Build/{n}", agent(rng)));

    let functions = vrl::stdlib::all();
    let program = compile(REMAP, &functions).map_err(|e| format!("{e:?}"))?.program;
    let reader = Reader::from_source(MMDB.to_vec())?;
    eprintln!("{:<28}{:>14}{:>14}{:>8}", "events per CPU-second", "Footfall", "article's VRL", "ratio");
    let mut ratios = BTreeMap::new();
    let mut figures = BTreeMap::new();
    for (name, suffix, events) in
        [("repeating user agents", "", &skewed), ("unique user agents", "_no_repeats", &distinct)]
    {
        let (mut ours, mut theirs): (f64, f64) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            // New each round: with warm caches there would be nothing to measure.
            let enricher = Enricher::new(UserAgents::new()?, Some(Geo::new(MMDB.to_vec())?));
            ours = ours.max(per_cpu_second(events, |event| self::ours(&enricher, event)));
            theirs = theirs.max(per_cpu_second(events, |event| self::theirs(&program, &reader, event)));
        }
        eprintln!("{name:<28}{ours:>14.0}{theirs:>14.0}{:>7.1}×", ours / theirs);
        ratios.insert(format!("events_per_cpu_s_vs_article_vrl{suffix}"), ours / theirs);
        figures.insert(format!("enriched{suffix}_events_per_cpu_s"), ours);
        figures.insert(format!("article_vrl{suffix}_events_per_cpu_s"), theirs);
        let (mut ours, mut theirs): (f64, f64) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            let enricher = Enricher::new(UserAgents::new()?, Some(Geo::new(MMDB.to_vec())?));
            ours = ours.max(per_cpu_second(events, |event| derived(&enricher, event, |row| row.path.len())));
            theirs = theirs.max(per_cpu_second(events, |event| {
                usize::from(their_value(&program, &reader, event).value.is_object())
            }));
        }
        eprintln!("{:<28}{ours:>14.0}{theirs:>14.0}{:>7.1}×", "  without serializing", ours / theirs);
        ratios.insert(format!("unwritten_events_per_cpu_s_vs_article_vrl{suffix}"), ours / theirs);
    }
    let (ours, theirs) = user_agents(&mut rng)?;
    eprintln!("{:<28}{ours:>14.0}{theirs:>14.0}{:>7.1}×  (ua-parser)", "user agents", ours / theirs);
    ratios.insert("user_agents_vs_ua_parser".into(), ours / theirs);
    figures.insert("user_agents_per_cpu_s".into(), ours);
    figures.insert("ua_parser_user_agents_per_cpu_s".into(), theirs);
    let enricher = Enricher::new(UserAgents::new()?, Some(Geo::new(MMDB.to_vec())?));
    let ours = allocations(&skewed, |event| self::ours(&enricher, event));
    let theirs = allocations(&skewed, |event| self::theirs(&program, &reader, event));
    eprintln!("{:<28}{ours:>14.1}{theirs:>14.1}", "allocations per event");
    figures.insert("allocations_per_event".into(), ours);
    figures.insert("article_vrl_allocations_per_event".into(), theirs);
    if let Some(cases) = std::env::args().nth(1) {
        for (name, (ours, theirs)) in accuracy(Path::new(&cases), &program)? {
            eprintln!("{name:<28}{ours:>13.2}%{theirs:>13.2}%");
            figures.insert(format!("{name}_right_pct"), ours);
            figures.insert(format!("article_vrl_{name}_right_pct"), theirs);
        }
        for (name, share) in bots(Path::new(&cases))? {
            eprintln!("{name:<28}{share:>13.2}%");
            figures.insert(name.to_owned(), share);
        }
    } else {
        eprintln!("accuracy not measured: pass the folder with uap-core's test cases as the argument");
    }
    println!(
        "{}",
        json!({"name": "enrich", "ok": true, "ratios": ratios, "figures": figures, "peers": {"article_vrl": "vrl 0.38", "ua_parser": "ua-parser 0.2"}})
    );
    Ok(())
}

fn text(header: &[u8]) -> &str {
    str::from_utf8(header).unwrap_or_default()
}

/// Unique headers per second: ours, including device type and bot detection, and ua-parser's.
fn user_agents(rng: &mut StdRng) -> Result<(f64, f64), Box<dyn Error>> {
    let headers: Vec<_> = (0..EVENTS_DISTINCT).map(|n| format!("{} Build/{n}", agent(rng)).into_bytes()).collect();
    let rules: ua_parser::Regexes<'_> = serde_json::from_str(REGEXES_JSON)?;
    let extractor = ua_parser::Extractor::try_from(rules)?;
    let agents = UserAgents::new()?;
    let (mut ours, mut theirs): (f64, f64) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        ours = ours.max(per_cpu_second(&headers, |header| agents.read(text(header)).user_agent.browser().len()));
        theirs = theirs.max(per_cpu_second(&headers, |header| {
            let (browser, os, device) = extractor.extract(text(header));
            usize::from(browser.is_some()) + usize::from(os.is_some()) + usize::from(device.is_some())
        }));
    }
    Ok((ours, theirs))
}

fn ours(enricher: &Enricher, event: &[u8]) -> usize {
    derived(enricher, event, |row| {
        let mut out = Vec::with_capacity(1_024);
        row.write_json(&mut out);
        out.len()
    })
}

fn derived(enricher: &Enricher, event: &[u8], of_row: impl Fn(&Row<'_>) -> usize) -> usize {
    let event = Event::of_message(event).expect("our own JSON");
    let enriched = enricher.enrich(&event, &VisitorSalt([7; 16]));
    of_row(&enriched.row())
}

/// Average with warm caches.
fn allocations(events: &[Vec<u8>], each: impl Fn(&[u8]) -> usize) -> f64 {
    let all = || {
        for event in events {
            black_box(each(black_box(event)));
        }
    };
    all();
    allocation_counter::measure(all).count_total as f64 / events.len() as f64
}

fn theirs(program: &Program, reader: &Reader<Vec<u8>>, event: &[u8]) -> usize {
    serde_json::to_vec(&their_value(program, reader, event).value).expect("a VRL value is JSON").len()
}

fn their_value(program: &Program, reader: &Reader<Vec<u8>>, event: &[u8]) -> TargetValue {
    let mut target = remapped(program, event);
    let ip = target
        .value
        .get(&OwnedValuePath::single_field("client"))
        .and_then(|v| v.to_str_lossy())
        .and_then(|ip| ip.parse().ok());
    let place: Option<Json> = ip.and_then(|ip: std::net::IpAddr| reader.lookup(ip).ok()?.decode().ok().flatten());
    target.value.insert(&OwnedValuePath::single_field("geoip"), Value::from(place.unwrap_or_default()));
    target
}

fn remapped(program: &Program, event: &[u8]) -> TargetValue {
    let value = Value::from(BTreeMap::from([("message".into(), Value::from(bytes(event)))]));
    let mut target = TargetValue { value, metadata: Value::Object(BTreeMap::new()), secrets: Secrets::new() };
    Runtime::default().resolve(&mut target, program, &TimeZone::default()).expect("the remap takes every event");
    target
}

fn bytes(event: &[u8]) -> String {
    String::from_utf8_lossy(event).into_owned()
}

/// This thread's CPU time, so that a busy machine does not distort it.
fn per_cpu_second(events: &[Vec<u8>], each: impl Fn(&[u8]) -> usize) -> f64 {
    let started = cpu_ns();
    for event in events {
        black_box(each(black_box(event)));
    }
    events.len() as f64 * 1e9 / (cpu_ns() - started) as f64
}

fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux provides it");
    text.split(' ').next().and_then(|ns| ns.parse().ok()).expect("its first field is CPU time")
}

fn events(rng: &mut StdRng, count: usize, mut agent: impl FnMut(&mut StdRng, usize) -> String) -> Vec<Vec<u8>> {
    let ips =
        ["81.2.69.160", "89.160.20.130", "216.160.83.58", "175.16.199.7", "2a02:d180::7", "2001:220::9", "214.78.0.40"];
    let paths = ["/", "/pricing", "/docs/install", "/blog/why-self-host", "/checkout/done"];
    let mut event = |rng: &mut StdRng, n: usize| {
        let arrival = Arrival {
            project: "website".into(),
            received_at_ms: 1_713_330_000_000,
            sent_at_ms: None,
            ip: ips.choose(rng).and_then(|ip| ip.parse().ok()),
            user_agent: agent(rng, n),
            hints: ClientHeaders { observed: true, accept_language: "en".into(), ..ClientHeaders::default() },
        };
        let raw = json!({"type": "page_view", "user_id": n % 997, "session_id": format!("s{}", n / 8), "timestamp": 1_713_326_652_000_i64 + n as i64,
            "locale": "en", "path": paths.choose(rng), "url": "https://shop.example/x?utm_source=newsletter&utm_medium=email", "appVersion": "1.4.0",
            "referrer": "https://www.google.com/", "details": {"plan": "pro", "n": n}});
        let raw = serde_json::value::to_raw_value(&raw).expect("JSON");
        serde_json::to_vec(&validate(&raw, &arrival).expect("a good event")).expect("an event is JSON")
    };
    (0..count).map(|n| event(rng, n)).collect()
}

/// Headers in the formats that browsers send, varying in version and model.
fn agent(rng: &mut StdRng) -> String {
    let (chrome, build) = (rng.random_range(90..140), rng.random_range(1000..7000));
    let model = ["SM-S918B", "SM-A546B", "Pixel 8", "Pixel 7a", "M2101K6G", "CPH2411", "moto g(30)", "SM-X700"]
        .choose(rng)
        .unwrap_or(&"Pixel 8");
    let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
    match rng.random_range(0..8) {
        0 | 1 => {
            format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/{chrome}.0.{build}.0 Safari/537.36")
        }
        2 => format!(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {webkit} Chrome/{chrome}.0.{build}.0 Safari/537.36"
        ),
        3 => format!(
            "Mozilla/5.0 (Linux; Android {}; {model}) {webkit} Chrome/{chrome}.0.{build}.0 Mobile Safari/537.36",
            rng.random_range(9..15)
        ),
        4 | 5 => {
            let (major, minor) = (rng.random_range(13..18), rng.random_range(0..7));
            format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{major}.{minor} Mobile/15E{build} Safari/604.1"
            )
        }
        6 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{chrome}.0) Gecko/20100101 Firefox/{chrome}.{}",
            build % 9
        ),
        _ => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/{chrome}.0.{build}.0 Safari/537.36 Edg/{chrome}.0.{}.{}",
            build / 3,
            build % 90
        ),
    }
}

type Shares = Vec<(&'static str, (f64, f64))>;

/// The share of uap-core's own cases with the expected result, ours and VRL's.
fn accuracy(folder: &Path, program: &Program) -> Result<Shares, Box<dyn Error>> {
    let agents = UserAgents::new()?;
    let theirs = |header: &str| {
        let event = json!({"ip": "", "user_agent": header}).to_string();
        serde_json::to_value(&remapped(program, event.as_bytes()).value).unwrap_or_default()["ua"].clone()
    };
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let other = |name: String| if name == "Other" { String::new() } else { name };
    let mut tallies = [Tally::default(); 4];
    for case in cases(&folder.join("test_ua.yaml"))? {
        let header = text(&case["user_agent_string"]);
        let (ours, vrl) = (agents.read(&header).user_agent, theirs(&header));
        let family = other(text(&case["family"]));
        tallies[0].add(&family, ours.browser(), &other(text(&vrl["browser"]["family"])));
        tallies[1].add(&text(&case["major"]), &major(ours.browser_version()), &text(&vrl["browser"]["major"]));
    }
    for case in cases(&folder.join("test_os.yaml"))? {
        let header = text(&case["user_agent_string"]);
        tallies[2].add(
            &other(text(&case["family"])),
            agents.read(&header).user_agent.os(),
            &other(text(&theirs(&header)["os"]["family"])),
        );
    }
    for case in cases(&folder.join("test_device.yaml"))? {
        let header = text(&case["user_agent_string"]);
        tallies[3].add(
            &text(&case["brand"]),
            agents.read(&header).user_agent.device_brand(),
            &text(&theirs(&header)["device"]["brand"]),
        );
    }
    let names = ["browser_family", "browser_major", "os_family", "device_brand"];
    Ok(names.into_iter().zip(tallies.map(Tally::shares)).collect())
}

/// The share of uap-core's people mistaken for programs; and, if crawler-user-agents.json
/// (monperrus/crawler-user-agents) is in the folder, the share of its programs that are recognized.
fn bots(folder: &Path) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let (agents, hints) = (UserAgents::new()?, ClientHeaders::default());
    let share = |headers: &[String]| {
        let found =
            headers.iter().filter(|header| !agents.verdict(&agents.read(header), &hints, 0).verdict().is_empty());
        found.count() as f64 * 100.0 / headers.len().max(1) as f64
    };
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let devices = cases(&folder.join("test_device.yaml"))?;
    let people: Vec<String> =
        devices.iter().filter(|case| case["family"] != "Spider").map(|case| text(&case["user_agent_string"])).collect();
    let mut shares = vec![("people_taken_for_programs_pct", share(&people))];
    if let Ok(list) = std::fs::read_to_string(folder.join("crawler-user-agents.json")) {
        let list: Vec<Json> = serde_json::from_str(&list)?;
        let instances = list.iter().filter_map(|crawler| crawler["instances"].as_array());
        let programs: Vec<String> = instances.flatten().map(text).collect();
        shares.push(("programs_known_pct", share(&programs)));
    }
    Ok(shares)
}

fn cases(file: &Path) -> Result<Vec<Json>, Box<dyn Error>> {
    let all: Json = yaml_serde::from_str(&std::fs::read_to_string(file)?)?;
    Ok(all["test_cases"].as_array().cloned().unwrap_or_default())
}

#[derive(Clone, Copy, Default)]
struct Tally {
    cases: u32,
    ours: u32,
    theirs: u32,
}

impl Tally {
    fn add(&mut self, expected: &str, ours: &str, theirs: &str) {
        self.cases += 1;
        self.ours += u32::from(expected == ours);
        self.theirs += u32::from(expected == theirs);
    }

    fn shares(self) -> (f64, f64) {
        let share = |right: u32| f64::from(right) * 100.0 / f64::from(self.cases.max(1));
        (share(self.ours), share(self.theirs))
    }
}
