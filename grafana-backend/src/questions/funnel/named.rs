//! Names for the hashes that are shown: the breakdown's values, and actors.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    group::Group,
    model::{Attribution, Funnel},
    statement::{self, read_until_ms},
    tally::ListedActor,
};
use crate::{clickhouse::ClickHouse, error::QueryError, events::actor::Actor, names, scope::Scope};

/// A value of the breakdown with its counts.
#[derive(Debug)]
pub struct NamedGroup {
    /// The value; `None` is the rest.
    pub name: Option<String>,
    /// Its counts.
    pub group: Group,
    /// Its counts of the earlier range, if there is one.
    pub before: Option<Group>,
}

/// Groups of the range, and of the range that it is compared with.
pub struct Ranges<'s> {
    /// By the value's hash.
    pub now: HashMap<u64, Group>,
    /// The same of the earlier range.
    pub before: Option<(&'s Scope, HashMap<u64, Group>)>,
}

/// A value's counts in both ranges.
#[derive(Debug, Default)]
struct Pair {
    now: Group,
    before: Group,
}

impl Pair {
    /// What is shown first: the most entered of the range, of equally many those of the earlier one.
    fn entered(&self) -> (u64, u64) {
        (self.now.entered, self.before.entered)
    }
}

/// The values that are shown by themselves get their names, the others become one; the most
/// entered come first.
pub async fn of(
    clickhouse: &ClickHouse,
    scope: &Scope,
    funnel: &Funnel,
    ranges: Ranges<'_>,
) -> Result<Vec<NamedGroup>, QueryError> {
    let earlier = ranges.before.as_ref().map(|(scope, _)| *scope);
    let is_compared = earlier.is_some();
    let pairs = pairs(ranges, funnel.steps.len());
    let Some(split) = &funnel.split else {
        let whole = pairs
            .into_values()
            .next()
            .unwrap_or_else(|| Pair { now: Group::new(funnel.steps.len()), before: Group::new(funnel.steps.len()) });
        let before = is_compared.then_some(whole.before);
        return Ok(vec![NamedGroup { name: Some(String::new()), group: whole.now, before }]);
    };
    let limit = split.breakdown.limit as usize;
    let mut hashes = candidates(&pairs, limit);
    // Of no value the statement sends no hash.
    let no_value = (split.attribution == Attribution::FirstSet).then_some(0);
    hashes.retain(|hash| Some(*hash) != no_value);
    let ranges: Vec<_> =
        [scope].into_iter().chain(earlier).map(|scope| (scope, read_until_ms(scope, funnel))).collect();
    let mut names = names::of_ranges(clickhouse, &ranges, &split.breakdown.dimension, &hashes).await?;
    names.extend(no_value.map(|hash| (hash, String::new())));
    let mut named = most_entered(pairs, &names, limit, is_compared);
    let shown = |name: &mut String| *name = split.breakdown.dimension.shown(name);
    named.iter_mut().filter_map(|named| named.name.as_mut()).for_each(shown);
    Ok(named)
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

/// Every value of either range.
fn pairs(ranges: Ranges<'_>, steps: usize) -> HashMap<u64, Pair> {
    let nobody = || Pair { now: Group::new(steps), before: Group::new(steps) };
    let mut pairs: HashMap<u64, Pair> = HashMap::new();
    for (hash, group) in ranges.now {
        pairs.entry(hash).or_insert_with(nobody).now = group;
    }
    for (hash, group) in ranges.before.into_iter().flat_map(|(_, groups)| groups) {
        pairs.entry(hash).or_insert_with(nobody).before = group;
    }
    pairs
}

/// The hashes of the values with the most entries, and those with as many as the last of them.
fn candidates(pairs: &HashMap<u64, Pair>, limit: usize) -> Vec<u64> {
    let mut sorted: Vec<((u64, u64), u64)> = pairs.iter().map(|(hash, pair)| (pair.entered(), *hash)).collect();
    sorted.sort_unstable_by_key(|(entered, hash)| (Reverse(*entered), *hash));
    let count = names::candidates(&sorted, limit, |(entered, _)| *entered);
    sorted[..count].iter().map(|(_, hash)| *hash).collect()
}

/// By name it is decided who is shown of those with the same number; whose name was not asked
/// for comes after all that have one.
fn most_entered(
    pairs: HashMap<u64, Pair>,
    names: &HashMap<u64, String>,
    limit: usize,
    is_compared: bool,
) -> Vec<NamedGroup> {
    let mut sorted: Vec<(Option<&String>, Pair)> =
        pairs.into_iter().map(|(hash, pair)| (names.get(&hash), pair)).collect();
    sorted
        .sort_by(|(a, x), (b, y)| y.entered().cmp(&x.entered()).then_with(|| (a.is_none(), a).cmp(&(b.is_none(), b))));
    let mut out: Vec<NamedGroup> = Vec::new();
    let mut rest: Option<Pair> = None;
    for (name, pair) in sorted {
        match name {
            Some(name) if out.len() < limit => out.push(pair.named(Some(name.clone()), is_compared)),
            _ => {
                let rest = rest.get_or_insert_default();
                rest.now.merge(pair.now);
                rest.before.merge(pair.before);
            }
        }
    }
    out.extend(rest.map(|pair| pair.named(None, is_compared)));
    out
}

impl Pair {
    fn named(self, name: Option<String>, is_compared: bool) -> NamedGroup {
        NamedGroup { name, group: self.now, before: is_compared.then_some(self.before) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_values_with_the_same_number_the_first_by_name_are_shown() {
        let pair = || Pair { now: Group { entered: 1, ..Group::new(2) }, before: Group::new(2) };
        let pairs: HashMap<u64, Pair> = (0..100).map(|hash| (hash, pair())).collect();
        let asked = candidates(&pairs, 3);
        assert_eq!(asked.len(), 12);
        let names = asked.into_iter().map(|hash| (hash, format!("v{:02}", 50 - hash))).collect();
        let named = most_entered(pairs, &names, 3, false);
        let shown: Vec<_> = named.iter().map(|named| (named.name.as_deref(), named.group.entered)).collect();
        assert_eq!(shown, [(Some("v39"), 1), (Some("v40"), 1), (Some("v41"), 1), (None, 97)]);
    }

    #[test]
    fn a_value_of_the_earlier_range_alone_is_shown_after_those_of_the_range() {
        let pair = |now, before| Pair {
            now: Group { entered: now, ..Group::new(2) },
            before: Group { entered: before, ..Group::new(2) },
        };
        let pairs = HashMap::from([(1, pair(3, 0)), (2, pair(0, 9)), (3, pair(0, 5))]);
        let names = HashMap::from([(1, "a".to_owned()), (2, "b".to_owned()), (3, "c".to_owned())]);
        let named = most_entered(pairs, &names, 2, true);
        let shown: Vec<_> = named
            .iter()
            .map(|named| (named.name.as_deref(), named.group.entered, named.before.as_ref().map(|group| group.entered)))
            .collect();
        assert_eq!(shown, [(Some("a"), 3, Some(0)), (Some("b"), 0, Some(9)), (None, 0, Some(5))]);
    }
}
