//! A project's cohorts, for people.

use std::collections::BTreeMap;

use super::{
    Named,
    store::{Cohort, Cohorts},
};
use crate::operate::Tables;

/// Prints all of them.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn list(project: &str, tables: &Tables) -> anyhow::Result<()> {
    let cohorts = Cohorts::new(tables, project);
    let all = cohorts.all().await?;
    let lists: Vec<u64> = all.iter().filter(|cohort| cohort.is_list()).map(|cohort| cohort.list).collect();
    let members: BTreeMap<u64, u64> = cohorts.members(&lists).await?.into_iter().collect();
    println!("{:<10}  {:>10}  {:<24}  name", "kind", "members", "changed");
    for cohort in &all {
        let members = match cohort.is_list() {
            true => members.get(&cohort.list).copied().unwrap_or_default().to_string(),
            false => "-".to_owned(),
        };
        let name = [cohort.name.as_str(), cohort.description.as_str()].join("  ");
        println!("{:<10}  {members:>10}  {:<24}  {}", kind(cohort), changed(cohort), name.trim_end());
    }
    Ok(())
}

/// Prints one.
///
/// # Errors
/// If there is none of this name, or ClickHouse refuses.
pub async fn one(named: &Named, tables: &Tables) -> anyhow::Result<()> {
    let cohorts = Cohorts::new(tables, &named.project);
    let cohort = cohorts.named(&named.name).await?;
    println!("name         {}\nkind         {}\nchanged      {}", cohort.name, kind(&cohort), changed(&cohort));
    if !cohort.description.is_empty() {
        println!("description  {}", cohort.description);
    }
    match cohort.is_list() {
        true => {
            let members = cohorts.members(&[cohort.list]).await?.first().map_or(0, |(_, members)| *members);
            println!("members      {members}");
        }
        false => println!("\n{}", cohort.definition),
    }
    Ok(())
}

fn kind(cohort: &Cohort) -> &'static str {
    if cohort.is_list() { "list" } else { "definition" }
}

fn changed(cohort: &Cohort) -> String {
    let at = i64::try_from(cohort.version).ok().and_then(chrono::DateTime::from_timestamp_micros);
    at.unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
