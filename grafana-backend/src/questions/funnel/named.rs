//! Names for the hashes that are shown: the breakdown's values, and actors.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    group::Group,
    model::Funnel,
    statement::{self, read_until_ms},
    tally::ListedActor,
};
use crate::{clickhouse::ClickHouse, error::QueryError, events::actor::Actor, names, scope::Scope};

/// Values whose names are asked for, for each that is shown: more may have the same number.
const CANDIDATES: usize = 4;

/// A value of the breakdown with its counts.
#[derive(Debug)]
pub struct NamedGroup {
    /// The value; `None` is the rest.
    pub name: Option<String>,
    /// Its counts.
    pub group: Group,
}

/// The values that are shown by themselves get their names, the others become one; the most
/// entered come first.
pub async fn of(
    clickhouse: &ClickHouse,
    scope: &Scope,
    funnel: &Funnel,
    groups: HashMap<u64, Group>,
) -> Result<Vec<NamedGroup>, QueryError> {
    let Some(split) = &funnel.split else {
        let group = groups.into_values().next().unwrap_or_else(|| Group::new(funnel.steps.len()));
        return Ok(vec![NamedGroup { name: Some(String::new()), group }]);
    };
    let limit = split.breakdown.limit as usize;
    let hashes = candidates(&groups, limit);
    let to_ms = read_until_ms(scope, funnel);
    let names = names::of(clickhouse, scope, to_ms, &split.breakdown.dimension, &hashes).await?;
    Ok(most_entered(groups, &names, limit))
}

/// The ids of the listed actors, as people know them.
pub async fn actor_ids(
    clickhouse: &ClickHouse,
    scope: &Scope,
    funnel: &Funnel,
    actors: &[ListedActor],
) -> Result<HashMap<u64, String>, QueryError> {
    let hashes: Vec<u64> = actors.iter().map(|listed| listed.actor).collect();
    if funnel.by == Actor::Visitor {
        return Ok(hashes.into_iter().map(|visitor| (visitor, visitor.to_string())).collect());
    }
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    names::uncached(clickhouse, statement::actor_ids(scope, funnel, &hashes)).await
}

/// The hashes of the values with the most entries, and those with as many as the last of them.
fn candidates(groups: &HashMap<u64, Group>, limit: usize) -> Vec<u64> {
    let mut sorted: Vec<(u64, u64)> = groups.iter().map(|(hash, group)| (group.entered, *hash)).collect();
    sorted.sort_unstable_by_key(|(entered, hash)| (Reverse(*entered), *hash));
    let min_entered = sorted.get(limit.saturating_sub(1)).map_or(0, |(entered, _)| *entered);
    let enough = sorted.iter().take_while(|(entered, _)| *entered >= min_entered);
    enough.map(|(_, hash)| *hash).take(limit.saturating_mul(CANDIDATES)).collect()
}

/// By name it is decided who is shown of those with the same number; whose name was not asked
/// for comes after all that have one.
fn most_entered(groups: HashMap<u64, Group>, names: &HashMap<u64, String>, limit: usize) -> Vec<NamedGroup> {
    let mut sorted: Vec<(Option<&String>, Group)> =
        groups.into_iter().map(|(hash, group)| (names.get(&hash), group)).collect();
    sorted.sort_by(|(a, x), (b, y)| y.entered.cmp(&x.entered).then_with(|| (a.is_none(), a).cmp(&(b.is_none(), b))));
    let mut out: Vec<NamedGroup> = Vec::new();
    let mut rest: Option<Group> = None;
    for (name, group) in sorted {
        match name {
            Some(name) if out.len() < limit => out.push(NamedGroup { name: Some(name.clone()), group }),
            _ => rest.get_or_insert_with(Group::default).merge(group),
        }
    }
    out.extend(rest.map(|group| NamedGroup { name: None, group }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_values_with_the_same_number_the_first_by_name_are_shown() {
        let group = || Group { entered: 1, ..Group::new(2) };
        let groups: HashMap<u64, Group> = (0..100).map(|hash| (hash, group())).collect();
        let asked = candidates(&groups, 3);
        assert_eq!(asked.len(), 12);
        let names = asked.into_iter().map(|hash| (hash, format!("v{:02}", 50 - hash))).collect();
        let named = most_entered(groups, &names, 3);
        let shown: Vec<_> = named.iter().map(|named| (named.name.as_deref(), named.group.entered)).collect();
        assert_eq!(shown, [(Some("v39"), 1), (Some("v40"), 1), (Some("v41"), 1), (None, 97)]);
    }
}
