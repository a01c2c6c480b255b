//! Named cohorts of the random projects, queries about them, and links that an operator has undone.

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

use super::{
    DEVICES, USERS,
    asks::{self, Ranged},
    behaviours::{did, of_any_type},
    queries::{filter, pick},
};
use crate::clickhouse::{Server, ask};

const QUERIES: usize = 6;
/// Neither sorted nor plain.
const NAMES: [&str; 4] = ["vip's", "Käufer", "a \"b\"", "Z"];

/// Those of one project.
pub struct Cohorts {
    /// Links, from a visitor to a person, that count for nothing.
    pub undone: Vec<(u64, u64)>,
    project: String,
    cohorts: Vec<(&'static str, Content)>,
    rng: StdRng,
}

enum Content {
    /// Its number, and its visitors.
    List(u64, Vec<u64>),
    Definition(Value),
}

impl Cohorts {
    /// For a project with these events; `number` is the project's. A generator of its own, so that the others go on as
    /// before.
    pub fn of(rng: &StdRng, project: &str, number: u64, events: &[Value], has_people: bool) -> Self {
        let mut rng = StdRng::seed_from_u64(rng.clone().random::<u64>() ^ 0xc0_4027);
        let mut ids: Vec<u64> = events.iter().filter_map(|event| event["visitor"].as_u64()).collect();
        let users = USERS.map(|id| visitor_of_id(project, IdKind::User, id));
        let devices = DEVICES.map(|id| visitor_of_id(project, IdKind::Anonymous, id));
        // Somebody who was never there.
        ids.push(7);
        if has_people {
            ids.extend(users.into_iter().chain(devices));
        }
        let mut undone = Vec::new();
        if has_people && rng.random_bool(0.4) {
            for _ in 0..rng.random_range(1..4) {
                let visitor = if rng.random_bool(0.7) { pick(&mut rng, &devices) } else { pick(&mut rng, &users) };
                undone.push((visitor, pick(&mut rng, &users)));
            }
        }
        let cohorts = NAMES.into_iter().zip(1..).map(|(name, at)| {
            let content = match at % 2 == 1 {
                true => {
                    let members = (0..rng.random_range(0..4)).map(|_| pick(&mut rng, &ids)).collect();
                    Content::List(number * 10 + at, members)
                }
                false => Content::Definition(definition(&mut rng)),
            };
            (name, content)
        });
        Self { cohorts: cohorts.collect(), undone, project: project.to_owned(), rng }
    }

    /// Queries about them.
    pub fn queries(&mut self) -> Vec<Ranged> {
        let rng = &mut self.rng;
        let queries = (0..QUERIES).map(|at| {
            let mut query = match at {
                0 => {
                    let names = if rng.random_bool(0.3) { json!([pick(rng, &NAMES)]) } else { json!([]) };
                    json!({"queryType": "cohorts", "cohort": names, "limit": rng.random_range(2..6), "project": self.project,
                           "timezone": pick(rng, &super::ZONES)})
                }
                _ => of_any_type(rng, &self.project),
            };
            query["filter"] = match at {
                0 if rng.random_bool(0.6) => json!({}),
                0 => filter(rng, 1),
                _ => tree(rng),
            };
            asks::over_the_days(rng, query)
        });
        queries.collect()
    }

    /// As tests/oracle/queries.py reads them.
    pub fn for_oracle(&self) -> Value {
        let each = self.cohorts.iter().map(|(name, content)| {
            let content = match content {
                Content::List(_, members) => json!({"list": members}),
                Content::Definition(definition) => json!({"definition": definition}),
            };
            ((*name).to_owned(), content)
        });
        Value::Object(each.collect())
    }
}

/// A tree of what persons did.
fn definition(rng: &mut StdRng) -> Value {
    match rng.random_range(0..5) {
        0 => json!({"not": did(rng, None)}),
        1 => json!({"all": [did(rng, None), {"not": did(rng, None)}]}),
        2 => json!({"any": [did(rng, None), did(rng, None)]}),
        _ => did(rng, None),
    }
}

/// A condition on cohorts, by itself or beside others.
fn tree(rng: &mut StdRng) -> Value {
    let one = json!({"cohort": pick(rng, &NAMES)});
    match rng.random_range(0..6) {
        0 => json!({"not": one}),
        1 => json!({"all": [one, filter(rng, 1)]}),
        2 => json!({"any": [{"cohort": pick(rng, &NAMES)}, {"not": one}]}),
        3 => json!({"any": [{"all": [one, did(rng, None)]}, filter(rng, 0)]}),
        _ => one,
    }
}

/// Writes all of them, in several versions and some rows twice.
pub async fn store(client: &Client, server: &Server, all: &[Cohorts]) -> anyhow::Result<()> {
    let (mut former, mut rows, mut members, mut links) = (String::new(), String::new(), String::new(), String::new());
    for of in all {
        let mut member = |list: u64, visitor: u64| {
            members.push_str(&format!("{}\n", json!({"project": of.project, "list": list, "visitor": visitor})));
        };
        for (name, content) in &of.cohorts {
            let (list, definition) = match content {
                Content::List(list, _) => (*list, String::new()),
                Content::Definition(definition) => (0, definition.to_string()),
            };
            let row =
                json!({"project": of.project, "name": name, "definition": definition, "list": list, "version": 2});
            rows.push_str(&format!("{row}\n"));
            let row = json!({"project": of.project, "name": name, "list": 5, "version": 1});
            former.push_str(&format!("{row}\n"));
            if let Content::List(list, visitors) = content {
                visitors.iter().for_each(|visitor| member(*list, *visitor));
            }
        }
        // Replaced by all of them.
        member(5, 0x0123_4567_89ab_cdef);
        for (visitor, person) in &of.undone {
            let row = json!({"project": of.project, "visitor": visitor, "person": person, "decision": 1, "is_claimed": 0,
                "first_at": "2299-12-31 00:00:00.000", "last_at": "1900-01-01 00:00:00.000"});
            links.push_str(&format!("{row}\n"));
        }
    }
    let inserts = [
        ("cohort_members", &members),
        ("cohort_members", &members),
        ("cohorts", &rows),
        ("cohorts", &former),
        ("links", &links),
        ("aliases", &links),
    ];
    for (table, rows) in inserts {
        let sql = format!("INSERT INTO analytics.{table} FORMAT JSONEachRow\n{rows}");
        ask(client, server, &sql, &[("optimize_on_insert", "0")]).await?;
    }
    Ok(())
}
