//! Projects with rules for paths and another session timeout: paths that differ as stored and are one page, paths that
//! look like rules, rules that hold what is special elsewhere, and queries for such pages.

use rand::{Rng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};

use super::queries::pick;

const RULES: [&str; 14] = [
    "/users/me",
    "/users/*",
    "/users/*/*",
    "/orders/*/items",
    "/docs/**",
    "/**",
    "/*",
    "/a-*-b*",
    "/p_%/*",
    "/a.c|(d)+[e]{2}^$/*",
    r"/\1\d/*",
    "/дом/*",
    "/users/*/",
    "no rule/*",
];
const PATHS: [&str; 40] = [
    "",
    "/",
    "//",
    "///",
    "*",
    "**",
    "*/",
    "/users",
    "/users/",
    "/users/me",
    "/users/me/",
    "/users/7",
    "/users/8/",
    "/users/9//",
    "/users/7/x",
    "/users/*",
    "/users/a\nb",
    "*/users/*",
    "**/users/*",
    "/orders/1/items",
    "/orders/2/items/",
    "/orders//items",
    "/orders/1/2/items",
    "/orders/*/items",
    "/docs",
    "/docs/",
    "/docs//",
    "/docs/a/b",
    "/docs/**",
    "/a-1-b",
    "/a-1-b2-b/",
    "/p_%/1",
    "/pxyz/1",
    "/a.c|(d)+[e]{2}^$/1",
    "/abc/1",
    r"/\1\d/1",
    "/дом/é",
    "/дом/é/",
    "Home",
    "Home/",
];
/// As queries ask for them, where `*` is any string.
const ASKED: [&str; 14] = [
    "/users/me",
    "/users/*",
    "/users/7",
    "/users/8/",
    "/orders/*/items",
    "/docs/**",
    "/docs/*",
    "/*",
    "*",
    "/",
    "/p_%/*",
    "/дом/*",
    "Home*",
    "/a-*",
];

/// How a project is read, as the table holds it.
pub fn reading(rng: &mut StdRng) -> Value {
    let mut rules = RULES;
    rules.shuffle(rng);
    // Few, else the first ones decide everything.
    let count = pick(rng, &[0, 1, 2, 3, 5, 14]);
    json!({
        "path_rules": rules[..count], "ignore_trailing_slash": rng.random_bool(0.5),
        "session_timeout_min": pick(rng, &[30, 45, 60, 300, 1_440]),
    })
}

/// Gives events such paths: few of them, so that they meet.
pub fn change_paths(rng: &mut StdRng, events: &mut [Value]) {
    let few: Vec<&str> = (0..6).map(|_| pick(rng, &PATHS)).collect();
    for event in events {
        event["path"] = pick(rng, &few).into();
    }
}

/// Lets a query ask for such pages, wherever it asks for a path.
pub fn change_query(rng: &mut StdRng, query: &mut Value) {
    match query {
        Value::Array(list) => list.iter_mut().for_each(|each| change_query(rng, each)),
        Value::Object(fields) => {
            if fields.get("path").is_some_and(Value::is_string) {
                fields.insert("path".to_owned(), pick(rng, &ASKED).into());
            }
            let is_of_path = fields.get("field").is_some_and(|field| field == "path" || field == "session:path");
            if is_of_path && fields.contains_key("values") {
                fields.insert("values".to_owned(), json!([pick(rng, &ASKED), pick(rng, &PATHS)]));
            }
            fields.values_mut().for_each(|each| change_query(rng, each));
        }
        _ => {}
    }
}
