//! An operator's word on one link. It is a row beside the events' claims, and outlives any replay of them.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};

use super::{
    Link,
    links::{Claim, People},
};
use crate::operate::Tables;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The claim counts for nothing.
    Undo,
    /// It counts again.
    Restore,
}

impl Decision {
    /// A later one is the greater number; an odd one undoes.
    fn number(self, now_ms: u64) -> u64 {
        now_ms * 2 + u64::from(self == Self::Undo)
    }
}

/// Writes the decision and prints what it has changed.
///
/// # Errors
/// If ClickHouse refuses, or no event makes the claim.
pub async fn run(link: &Link, decision: Decision, tables: &Tables) -> anyhow::Result<()> {
    let project = &link.named.project;
    let visitor = link.named.who.number(project);
    let people = People::new(tables, project);
    let claims = people.claims(&[visitor]).await?;
    let claims: Vec<&Claim> = claims.iter().filter(|claim| claim.person == link.person).collect();
    ensure!(
        !claims.is_empty(),
        "no event links the visitor {visitor} with {}: see `ingest-gateway person show`",
        link.person
    );
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_millis();
    for claim in claims {
        // The extremes leave the claim's own instants as they are.
        let sql = match claim.is_alias {
            false => {
                "INSERT INTO analytics.links (project, visitor, person, first_at, last_at, is_claimed, decision) SELECT {project:String}, {visitor:UInt64}, {person:UInt64}, '2299-12-31 00:00:00.000', '1900-01-01 00:00:00.000', 0, {decision:UInt64}"
            }
            true => {
                "INSERT INTO analytics.aliases (project, visitor, person, first_at, last_at, is_claimed, decision) SELECT {project:String}, {visitor:UInt64}, {person:UInt64}, '2299-12-31 00:00:00.000', '1900-01-01 00:00:00.000', 0, {decision:UInt64}"
            }
        };
        let query = tables.client.query_raw(sql).param("project", project).param("visitor", visitor);
        query.param("person", link.person).param("decision", decision.number(u64::try_from(now_ms)?)).execute().await?;
    }
    println!("the visitor {visitor} is the person {}", people.person_of(visitor).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_decision_is_the_greatest_number() {
        let numbers = [(Decision::Undo, 5), (Decision::Restore, 6), (Decision::Undo, 7)].map(|(d, ms)| d.number(ms));
        assert!(numbers.is_sorted());
        assert_eq!(numbers.map(|number| number % 2), [1, 0, 1]);
    }
}
