//! A person's visitors, and the claims that make them one.

use super::{
    Named,
    links::{Claim, People, Seen},
};
use crate::operate::Tables;

/// Prints them.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn run(named: &Named, tables: &Tables) -> anyhow::Result<()> {
    let people = People::new(tables, &named.project);
    let visitor = named.who.number(&named.project);
    let person = people.person_of(visitor).await?;
    let mut visitors = people.visitors_of(person).await?;
    let seen = people.seen(&visitors).await?;
    println!("person {person}\n\n{:<20}  {:<10}  {:>10}  id", "visitor", "is a", "events");
    for visitor in &visitors {
        println!("{}", line(*visitor, seen.iter().find(|seen| seen.visitor == *visitor)));
    }
    // Whose link was undone is no longer among them.
    if !visitors.contains(&visitor) {
        visitors.push(visitor);
    }
    println!("\n{:<20}  {:<20}  {:<24}  {:<24}  link", "visitor", "person", "first", "last");
    for of_one in people.claims(&visitors).await?.chunk_by(|a, b| a.visitor == b.visitor) {
        let first = of_one.iter().position(|claim| !claim.is_undone);
        for (at, claim) in of_one.iter().enumerate() {
            println!("{}", claim_line(claim, first == Some(at)));
        }
    }
    Ok(())
}

fn line(visitor: u64, seen: Option<&Seen>) -> String {
    let (kind, id, events) = match seen {
        Some(Seen { user_id, events, .. }) if !user_id.is_empty() => ("user", user_id.as_str(), *events),
        Some(Seen { anonymous_id, events, .. }) if !anonymous_id.is_empty() => {
            ("device", anonymous_id.as_str(), *events)
        }
        Some(seen) => ("visit", "", seen.events),
        None => ("-", "", 0),
    };
    // An id may hold anything that a client sent.
    let id: String = id.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("{visitor:<20}  {kind:<10}  {events:>10}  {id}")
}

fn claim_line(claim: &Claim, is_first: bool) -> String {
    let instant = |ms| chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let at = |ms| instant(ms).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let state = match (claim.is_undone, is_first) {
        (true, _) => "undone",
        (false, true) => "in force",
        (false, false) => "later than another",
    };
    let how = if claim.is_alias { ", by an alias" } else { "" };
    format!(
        "{:<20}  {:<20}  {:<24}  {:<24}  {state}{how}",
        claim.visitor,
        claim.person,
        at(claim.first_ms),
        at(claim.last_ms)
    )
}
