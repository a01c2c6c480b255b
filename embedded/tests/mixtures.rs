//! Statements put together at random, from parts that a reader may use and parts that it may
//! not: each is answered exactly if all of its parts are allowed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::path::Path;

use common::User;
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

const STATEMENTS: usize = 500;

/// A text, and whether a reader may use it. `SECRET` is the path of a file.
type Part = (&'static str, bool);

const EXPRESSIONS: &[Part] = &[
    ("1 AS x", true),
    ("count() AS x", true),
    ("'file(1) SETTINGS readonly = 0' AS x", true),
    ("{id:String} AS x", true),
    ("file('SECRET') AS x", false),
    ("arrayMap(file, ['SECRET']) AS x", false),
    ("\"fi\\x6ce\"('SECRET') AS x", false),
    ("x -> file('SECRET')", false),
];
const SOURCES: &[Part] = &[
    ("analytics.t", true),
    ("numbers(2)", true),
    ("values('a UInt8', 1)", true),
    ("file('SECRET', 'LineAsString')", false),
    ("`SECRET`", false),
    ("url('http://127.0.0.1:1/', 'LineAsString')", false),
];
const SETTINGS: &[Part] = &[
    ("", true),
    (" SETTINGS max_block_size = 100", true),
    (" SETTINGS join_use_nulls = 1, optimize_read_in_order = 0", true),
    (" SETTINGS max_memory_usage = 0", false),
    (" SETTINGS join_use_nulls = 1, `max_execution_time` = 0", false),
    (" SETTINGS profile = 'default'", false),
    (" SETTINGS readonly = 0", false),
];
const STARTS: &[Part] = &[
    ("", true),
    ("/* SELECT */ ", true),
    ("-- a comment\n", true),
    ("EXPLAIN ", true),
    ("DROP TABLE analytics.t; ", false),
    ("INSERT INTO analytics.t ", false),
    ("CREATE TABLE analytics.x ENGINE = Memory AS ", false),
];
const ENDS: &[Part] = &[
    ("", true),
    (";", true),
    (" -- a comment", true),
    (" FORMAT JSON", true),
    ("; DROP TABLE analytics.t", false),
    (" INTO OUTFILE 'SECRET.out'", false),
    (" PARALLEL WITH DROP TABLE analytics.t", false),
];
const SPACES: &[&str] = &[" ", "\n", "\t", " /**/ "];

/// Allowed ones four times as often, or no statement of several parts would be.
fn one(parts: &'static [Part]) -> BoxedStrategy<(String, bool)> {
    let allowed: Vec<Part> = parts.iter().copied().filter(|(_, allowed)| *allowed).collect();
    prop_oneof![4 => select(allowed), 1 => select(parts)].prop_map(|(text, allowed)| (text.to_owned(), allowed)).boxed()
}

fn query(depth: u32) -> BoxedStrategy<(String, bool)> {
    let source = match depth {
        0 => one(SOURCES),
        _ => prop_oneof![
            one(SOURCES),
            query(depth - 1).prop_map(|(text, allowed)| (format!("({text})"), allowed)),
            query(depth - 1).prop_map(|(text, allowed)| (format!("view({text})"), allowed)),
        ]
        .boxed(),
    };
    (one(EXPRESSIONS), source, one(SETTINGS))
        .prop_map(|(what, from, with)| {
            (format!("SELECT {} FROM {}{}", what.0, from.0, with.0), what.1 && from.1 && with.1)
        })
        .boxed()
}

fn statement() -> impl Strategy<Value = (String, bool)> {
    (one(STARTS), query(2), one(ENDS), select(SPACES)).prop_map(|(start, query, end, space)| {
        // Blanks within quotes are no part of the matter, and stay.
        let text =
            query.0.replace(" FROM ", &format!("{space}FROM{space}")).replace(" = ", &format!("{space}={space}"));
        (format!("{}{text}{}", start.0, end.0), start.1 && query.1 && end.1)
    })
}

#[tokio::test]
async fn a_reader_is_answered_what_reads_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let engine = common::with_tables(&folder.path().join("data")).await;
    let secret = folder.path().join("salts").display().to_string();
    std::fs::write(&secret, "salt-of-today").unwrap();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let mut counts = [0, 0];
    for _ in 0..STATEMENTS {
        let (sql, allowed) = statement().new_tree(&mut runner).unwrap().current();
        let sql = sql.replace("SECRET", &secret);
        let (status, text) = engine.post(User::Reader, "/?param_id=file", &sql).await;
        assert_eq!(status == 200, allowed, "{sql}: {status} {text}");
        assert!(!text.contains("salt-of-today"), "{sql}: {text}");
        counts[usize::from(allowed)] += 1;
    }
    assert!(counts.iter().all(|count| *count > STATEMENTS / 10), "one-sided: {counts:?}");
    assert_eq!(engine.run("SELECT count(), max(a) FROM analytics.t").await, "10\t9");
    assert!(!Path::new(&format!("{secret}.out")).exists());
}
