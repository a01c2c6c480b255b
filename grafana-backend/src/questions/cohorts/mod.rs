//! The named cohorts of a project and how many persons are in each. Rules: docs/queries/cohorts.md.

mod frames;
mod model;
mod statement;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    cohorts::{Cohort, Stored, all, look_up},
    error::QueryError,
    events::behaviour::{PersonFilter, content, filter::BEHAVIOURS_MAX},
    frame::Frame,
    scope::Scope,
    settings::Settings,
};
use frames::Counted;
pub use model::Cohorts;
use model::CohortsJson;
use statement::{Members, Sizes};

#[async_trait]
impl Question for Cohorts {
    type Json = CohortsJson;

    fn read(json: CohortsJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check()
    }

    /// Of the first statement that counts persons, or of the look-up if there is nothing to count.
    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let cohorts = self.of(clickhouse, scope).await?;
        let known: Vec<PersonFilter> =
            cohorts.iter().filter_map(|cohort| content(cohort, scope.around(), scope.facts.links()).ok()).collect();
        let counts = at_once(&known).next().map(|some| statement::sizes(scope, some));
        Plan::of(clickhouse, counts.unwrap_or_else(|| look_up(&scope.project))).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let cohorts = self.of(clickhouse, scope).await?;
        let contents: Vec<Result<PersonFilter, QueryError>> =
            cohorts.iter().map(|cohort| content(cohort, scope.around(), scope.facts.links())).collect();
        let known: Vec<PersonFilter> = contents.iter().flatten().cloned().collect();
        let (mut sizes, mut text) = (Vec::new(), String::new());
        for some in at_once(&known) {
            let sql = statement::sizes(scope, some);
            text = sql.as_text().to_owned();
            let rows: Vec<Sizes> = clickhouse.rows(sql).await?;
            let counted = rows.into_iter().next().unwrap_or_default();
            // Where nobody is, there is no list to add up.
            let of = |counts: &[u64], at: usize| counts.get(at).copied().unwrap_or_default();
            sizes.extend((0..some.len()).map(|at| (of(&counted.persons, at), of(&counted.active, at))));
        }
        let lists: Vec<u64> = cohorts.iter().filter(|cohort| cohort.is_list()).map(|cohort| cohort.list).collect();
        let members: Vec<Members> = match lists.is_empty() {
            true => Vec::new(),
            false => clickhouse.rows(statement::members(scope, &lists)).await?,
        };
        let mut sizes = sizes.into_iter();
        let sized = cohorts.into_iter().zip(contents).map(|(cohort, content)| {
            let count = || members.iter().find(|members| members.list == cohort.list).map_or(0, |of| of.members);
            let members = cohort.is_list().then(count);
            match content {
                Ok(_) => Counted { size: sizes.next(), members, cohort, problem: None },
                Err(error) => Counted { size: None, members, cohort, problem: Some(error.to_string()) },
            }
        });
        Ok(vec![frames::frame(&sized.collect::<Vec<_>>()).with_executed(text)])
    }
}

impl Cohorts {
    /// The cohorts that are asked for, by name.
    async fn of(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Cohort>, QueryError> {
        let names = self.names.values();
        if names.is_empty() {
            let mut cohorts = all(clickhouse, &scope.project).await?;
            cohorts.truncate(self.limit);
            return Ok(cohorts);
        }
        let stored = Stored::of(clickhouse, &scope.project, names).await?;
        let named = names.iter().map(|name| stored.named(name, "cohort", &scope.project).cloned());
        let mut cohorts: Vec<Cohort> = named.collect::<Result<_, _>>()?;
        cohorts.sort_by(|a, b| a.name.cmp(&b.name));
        cohorts.dedup_by(|a, b| a.name == b.name);
        cohorts.truncate(self.limit);
        Ok(cohorts)
    }
}

/// As many cohorts of one statement as ask no more than a query may.
fn at_once(cohorts: &[PersonFilter]) -> impl Iterator<Item = &[PersonFilter]> {
    let mut rest = cohorts;
    std::iter::from_fn(move || {
        let mut behaviours = 0;
        let fits = |cohort: &&PersonFilter| {
            behaviours += cohort.behaviours();
            behaviours <= BEHAVIOURS_MAX
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (some, others) = rest.split_at(count);
        rest = others;
        (!some.is_empty()).then_some(some)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::behaviour::filter::read;

    #[test]
    fn cohorts_are_counted_together_as_far_as_a_query_may_ask() {
        let scope = Scope::for_tests();
        let of =
            |count: usize| read(&json!({"all": vec![json!({"did": {}}); count]}), "filter", scope.around()).unwrap();
        let counts = |each: &[usize]| {
            let cohorts: Vec<PersonFilter> = each.iter().map(|count| of(*count)).collect();
            at_once(&cohorts).map(<[PersonFilter]>::len).collect::<Vec<_>>()
        };
        assert_eq!(counts(&[]), Vec::<usize>::new());
        assert_eq!(counts(&[3, 3, 2, 1, 8, 1]), [3, 1, 1, 1]);
    }
}
