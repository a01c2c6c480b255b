//! Files for operators that no server here takes: each is read by what knows its form.

#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use common::Gateway;
use ingest_gateway::projects::{Defaults, Source, file};
use vector_components::privacy::AddressPolicy;

fn provisioning() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The embedded engine takes no users from outside, but has ClickHouse's own parser.
#[tokio::test]
async fn users_are_read_by_clickhouses_parser() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let text = fs::read_to_string(provisioning().join("provisioning/clickhouse-users/users.sql")).unwrap();
    let text: String = text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    let statements: Vec<&str> = text.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
    assert!(statements.len() > 8, "{}", statements.len());
    for statement in statements {
        let query = format!("SELECT formatQuery('{}')", statement.replace('\\', "\\\\").replace('\'', "\\'"));
        let request = reqwest::Client::new().post(&gateway.clickhouse).basic_auth("default", Some(&gateway.password));
        let answer = request.body(query).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{statement}: {body}");
    }
}

/// Dashboards and alert rules name metrics that the gateway has.
#[tokio::test]
async fn the_gateways_metrics_are_those_of_dashboards_and_alerts() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let shown = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    let mut named = BTreeSet::new();
    let alerts = "provisioning/grafana/with-prometheus/alerting/footfall-prometheus.yaml";
    for file in ["dashboards/pipeline.json", alerts] {
        let text = fs::read_to_string(provisioning().join(file)).unwrap();
        for part in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if part.starts_with("footfall_") {
                named.insert(part.to_owned());
            }
        }
    }
    assert!(named.len() >= 6, "{named:?}");
    for name in named {
        let family = name.trim_end_matches("_total").trim_end_matches("_bucket");
        assert!(shown.contains(&format!("# TYPE {family} ")), "{name} is no metric of the gateway:\n{shown}");
    }
}

#[test]
fn the_example_of_projects_is_read_and_has_every_field() {
    let path = provisioning().join("provisioning/projects.example.toml");
    let defaults = Defaults { client_ip: AddressPolicy::Keep, batch_events_max: 5_000 };
    let projects = Source::File(path.clone()).read(&defaults).unwrap();
    assert_eq!(projects.iter().map(|project| &*project.name).collect::<Vec<_>>(), ["example.org", "website"]);
    // Which fields there are is told about one that is none of them.
    let text = fs::read_to_string(path).unwrap();
    let error = file::parse(Path::new("p"), "[projects.a]\nzzzzzzzz = 1", &defaults).unwrap_err().to_string();
    let fields = error.split("there are ").nth(1).unwrap().split(", ").collect::<Vec<_>>();
    assert!(fields.len() >= 14, "{error}");
    for field in fields {
        assert!(
            text.contains(&format!("\n{field} =")) || text.contains(&format!("projects.website.{field}]]")),
            "{field}"
        );
    }
}
