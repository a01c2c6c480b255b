//! docs/limits.md against the code: every limit with its default, and what a client sees beyond it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory;
use ingest_gateway::{
    cli::Cli,
    connections::descriptors::CONNECTIONS_DEFAULT,
    in_flight::NoRoom,
    limits::{ADDRESS_BYTES_MAX, HEADERS_BYTES_MAX, HEADERS_MAX, rate::ADDRESSES_MAX},
    outcome::RequestError,
    projects::{
        RETENTIONS_MAX, Refusal, Settings,
        file::{ADDRESS_BURST_MIN, FILE_BYTES_MAX},
        keys::{KEY_BYTES_MAX, KEYS_MAX},
        origins::ORIGINS_MAX,
        quota::Exceeded,
        reading::{RULE_BYTES_MAX, RULES_BYTES_MAX, RULES_MAX},
    },
    sender::PARTIES_MAX,
    sink::NotDurable,
    wire::{COPIES_BYTES_MAX, FORM_BYTES_MAX},
};
use vector_components::{
    Reason,
    project::{PROJECT_BYTES_MAX, PROJECTS_MAX},
    timestamp::FUTURE_MS_MAX,
    validate,
};

/// Of the memory of the embedded engine, no client sees anything.
const OF_THE_ENGINE: &str = "FOOTFALL_ENGINE_MEMORY_BYTES_MAX";

/// A row of the page.
struct Row {
    /// None if it says so.
    default: Option<u64>,
    set_by: String,
    seen: String,
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| limit |"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, default, set_by, seen] = cells[..] else { panic!("{line}") };
        let set_by = set_by.trim_matches('`').to_owned();
        Row { default: number(default), set_by, seen: seen.trim_end_matches('|').to_owned() }
    };
    rows.map(row).collect()
}

fn number(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number: u64 = number.replace(',', "").parse().ok()?;
    Some(match unit {
        "MiB" => number << 20,
        "GiB" => number << 30,
        "" | "bytes" | "ms" | "s" | "days" => number,
        other => panic!("{other} is no unit"),
    })
}

#[test]
fn every_limit_is_there_with_its_default() {
    let rows = rows();
    let by_name: BTreeMap<&str, Option<u64>> = rows.iter().map(|row| (&*row.set_by, row.default)).collect();
    assert_eq!(by_name.len(), rows.len(), "each once");
    let constant = |value: usize| Some(value as u64);
    let mut expected: BTreeMap<&str, Option<u64>> = BTreeMap::from([
        ("ADDRESS_BYTES_MAX", constant(ADDRESS_BYTES_MAX)),
        ("HEADERS_MAX", constant(HEADERS_MAX)),
        ("HEADERS_BYTES_MAX", constant(HEADERS_BYTES_MAX)),
        ("FORM_BYTES_MAX", constant(FORM_BYTES_MAX)),
        ("COPIES_BYTES_MAX", constant(COPIES_BYTES_MAX)),
        ("PARTIES_MAX", constant(PARTIES_MAX)),
        ("EVENT_BYTES_MAX", constant(validate::EVENT_BYTES_MAX)),
        ("FIELDS_MAX", constant(validate::FIELDS_MAX)),
        ("DETAILS_MAX", constant(validate::DETAILS_MAX)),
        ("NESTING_MAX", constant(validate::NESTING_MAX)),
        ("DETAIL_KEY_BYTES_MAX", constant(validate::DETAIL_KEY_BYTES_MAX)),
        ("DETAIL_VALUE_BYTES_MAX", constant(validate::DETAIL_VALUE_BYTES_MAX)),
        ("TYPE_BYTES_MAX", constant(validate::TYPE_BYTES_MAX)),
        ("ID_BYTES_MAX", constant(validate::ID_BYTES_MAX)),
        ("PATH_BYTES_MAX", constant(validate::PATH_BYTES_MAX)),
        ("URL_BYTES_MAX", constant(validate::URL_BYTES_MAX)),
        ("TITLE_BYTES_MAX", constant(validate::TITLE_BYTES_MAX)),
        ("LOCALE_BYTES_MAX", constant(validate::LOCALE_BYTES_MAX)),
        ("APP_VERSION_BYTES_MAX", constant(validate::APP_VERSION_BYTES_MAX)),
        ("USER_AGENT_BYTES_MAX", constant(validate::USER_AGENT_BYTES_MAX)),
        ("HINT_BYTES_MAX", constant(validate::HINT_BYTES_MAX)),
        ("FUTURE_MS_MAX", u64::try_from(FUTURE_MS_MAX).ok()),
        ("PROJECTS_MAX", constant(PROJECTS_MAX)),
        ("PROJECT_BYTES_MAX", constant(PROJECT_BYTES_MAX)),
        ("FILE_BYTES_MAX", Some(FILE_BYTES_MAX)),
        ("KEYS_MAX", constant(KEYS_MAX)),
        ("KEY_BYTES_MAX", constant(KEY_BYTES_MAX)),
        ("ORIGINS_MAX", constant(ORIGINS_MAX)),
        ("RETENTIONS_MAX", constant(RETENTIONS_MAX)),
        ("RULES_MAX", constant(RULES_MAX)),
        ("RULE_BYTES_MAX", constant(RULE_BYTES_MAX)),
        ("RULES_BYTES_MAX", constant(RULES_BYTES_MAX)),
        ("ADDRESSES_MAX", constant(ADDRESSES_MAX)),
        ("address_events_burst_max", Some(ADDRESS_BURST_MIN)),
        ("public_age_days_max", Some(u64::from(Settings::PUBLIC_AGE_DAYS_MAX))),
        ("FOOTFALL_CONNECTIONS_MAX", Some(CONNECTIONS_DEFAULT)),
    ]);
    for field in [
        "allowed_origins",
        "address_events_per_s_max",
        "events_per_s_max",
        "events_burst_max",
        "events_per_day_max",
        "events_per_month_max",
        "bytes_per_day_max",
        "bytes_per_month_max",
    ] {
        expected.insert(field, None);
    }
    let command = Cli::command();
    for argument in command.get_arguments() {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()) else { continue };
        if name.ends_with("_MAX") && name != OF_THE_ENGINE {
            let default = argument.get_default_values().first().map(|value| value.to_str().unwrap().parse().unwrap());
            expected.entry(name).or_insert(default.filter(|default| *default != 0));
        }
    }
    assert_eq!(by_name, expected);
}

/// Every error that a limit causes.
fn errors() -> Vec<RequestError> {
    let project = || "app".to_owned();
    let exceeded = Exceeded { field: "events_per_day_max", quota: 1, until_ms: 0 };
    vec![
        RequestError::AddressTooLong { bytes: 2, bytes_max: 1 },
        RequestError::HeadersTooLarge { count: 2, count_max: 1, bytes: 2, bytes_max: 1 },
        RequestError::TooManyRequests { per_s: 1, wait_s: 1 },
        RequestError::TooLarge { what: "body", bytes_max: 1, bytes: None },
        RequestError::BodyTooSlow { pause_ms: 1, ms_max: 1 },
        RequestError::TooManyEvents { events_max: 1 },
        RequestError::Busy(1),
        RequestError::NoRoom(NoRoom { bytes_max: 1 }),
        RequestError::GaveWay,
        RequestError::NotDurable(NotDurable::Stopping),
        RequestError::Refused(Refusal::Origin { project: project(), origin: "null".to_owned() }),
        RequestError::Refused(Refusal::TooFast { is_address: true, per_s: 1, wait_s: 1 }),
        RequestError::Refused(Refusal::TooFast { is_address: false, per_s: 1, wait_s: 1 }),
        RequestError::Refused(Refusal::TooMany { events: 2, events_max: 1 }),
        RequestError::Refused(Refusal::Quota { exceeded, wait_s: 1 }),
    ]
}

#[test]
fn what_a_client_sees_is_what_it_is_sent() {
    let sent: BTreeSet<(String, String, bool)> = errors()
        .iter()
        .map(|error| (error.status().as_str().to_owned(), error.reason().to_owned(), error.wait_s().is_some()))
        .collect();
    let dropped: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let mut seen = BTreeSet::new();
    for Row { set_by, seen: text, .. } in rows() {
        let words: Vec<&str> = text.split(' ').collect();
        for (at, pair) in words.windows(2).enumerate() {
            let reason = pair[1].trim_matches([';', ',', '.']).trim_matches('`');
            if pair[0].len() == 3 && pair[0].parse::<u16>().is_ok() {
                let has_wait = words.get(at + 2..at + 4) == Some(&["with", "`Retry-After`"]);
                let of_row = (pair[0].to_owned(), reason.to_owned(), has_wait);
                assert!(sent.contains(&of_row), "{set_by}: {of_row:?} is never sent: {sent:?}");
                seen.insert(of_row);
            } else if pair[0].starts_with("dropped") {
                assert!(dropped.contains(reason), "{set_by}: {reason} is no reason");
            }
        }
    }
    assert_eq!(seen, sent, "all of them");
}
