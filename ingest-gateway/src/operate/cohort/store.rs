//! The tables of cohorts. A change is one row that replaces the one before it. Lists that were replaced stay for a
//! while: a query that runs has looked the list's number up and reads it until its end.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use clickhouse::Row;
use serde::Deserialize;

use crate::{
    migrate::{cluster, script::Statement},
    operate::Tables,
};

/// Cohorts of one project.
const COHORTS_MAX: usize = 1_000;
/// A query takes no longer than the reading user may allow itself (provisioning/clickhouse-users).
const QUERY_MS_MAX: u64 = 3_600_000;
/// An import that has taken so long was cut off.
const IMPORT_US_MAX: u64 = 24 * 3_600 * 1_000_000;

/// The cohorts of one project.
pub struct Cohorts<'a> {
    tables: &'a Tables,
    project: &'a str,
}

/// A cohort as it is stored.
#[derive(Row, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// The JSON of a filter; empty of a list.
    pub definition: String,
    /// The list's number; 0 of a definition.
    pub list: u64,
    /// Lists before it, each with the milliseconds since 1970 UTC until which it is read.
    pub former: Vec<(u64, u64)>,
    /// It is no more.
    pub is_removed: bool,
    /// When it was changed, in microseconds since 1970 UTC.
    pub version: u64,
}

impl Cohort {
    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.list != 0
    }

    /// The same, changed now: another list stays readable for a while.
    fn changed(mut self, before: &Self, now_us: u64) -> Self {
        let now_ms = now_us / 1_000;
        self.former = before.former.iter().copied().filter(|(_, until_ms)| *until_ms > now_ms).collect();
        if before.is_list() && before.list != self.list {
            self.former.push((before.list, now_ms + QUERY_MS_MAX));
        }
        self.version = now_us.max(before.version + 1);
        self
    }
}

/// Now, in microseconds since 1970 UTC.
pub fn now_us() -> anyhow::Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(u64::try_from(now.as_micros())?)
}

impl<'a> Cohorts<'a> {
    /// Of a project.
    #[must_use]
    pub fn new(tables: &'a Tables, project: &'a str) -> Self {
        Self { tables, project }
    }

    /// All, by name.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn all(&self) -> anyhow::Result<Vec<Cohort>> {
        Ok(self.rows().await?.into_iter().filter(|cohort| !cohort.is_removed).collect())
    }

    /// The one of this name.
    ///
    /// # Errors
    /// If there is none, or ClickHouse refuses.
    pub async fn named(&self, name: &str) -> anyhow::Result<Cohort> {
        let found = self.all().await?.into_iter().find(|cohort| cohort.name == name);
        found.with_context(|| format!("there is no cohort {name:?} in the project {:?}", self.project))
    }

    /// Members of each list, by its number.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn members(&self, lists: &[u64]) -> anyhow::Result<Vec<(u64, u64)>> {
        let sql = "SELECT list, uniqExact(visitor) AS members FROM analytics.cohort_members \
             WHERE project = {project:String} AND list IN {lists:Array(UInt64)} GROUP BY list";
        Ok(self.query(sql).param("lists", lists).fetch_all().await?)
    }

    /// Makes the cohort of this name what `change` makes of the present one, or of none.
    ///
    /// # Errors
    /// That of `change`; if there would be too many cohorts, or ClickHouse refuses.
    pub async fn change(
        &self,
        name: &str,
        change: impl FnOnce(Option<Cohort>) -> anyhow::Result<Cohort>,
    ) -> anyhow::Result<()> {
        let rows = self.rows().await?;
        let before = rows.iter().find(|cohort| cohort.name == name).cloned();
        let present = before.clone().filter(|cohort| !cohort.is_removed);
        let others = rows.iter().filter(|cohort| !cohort.is_removed && cohort.name != name).count();
        let changed = change(present)?;
        ensure!(
            changed.is_removed || others < COHORTS_MAX,
            "the project {:?} has {others} other cohorts, at most {COHORTS_MAX} are allowed",
            self.project
        );
        let changed = changed.changed(&before.unwrap_or_default(), now_us()?);
        let row = serde_json::json!({
            "project": self.project, "name": name, "description": changed.description, "definition": changed.definition,
            "list": changed.list, "former": changed.former, "is_removed": changed.is_removed, "version": changed.version,
        });
        self.insert("INSERT INTO analytics.cohorts FORMAT JSONEachRow", row.to_string().into()).await?;
        self.delete_unread().await
    }

    /// Adds visitors to a list.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn add(&self, list: u64, visitors: &[u64]) -> anyhow::Result<()> {
        let project = serde_json::Value::from(self.project);
        let rows: String = visitors
            .iter()
            .map(|visitor| format!("{{\"project\":{project},\"list\":{list},\"visitor\":{visitor}}}\n"))
            .collect();
        self.insert("INSERT INTO analytics.cohort_members FORMAT JSONEachRow", rows.into()).await
    }

    /// Deletes the members of lists.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn delete(&self, lists: &[u64]) -> anyhow::Result<()> {
        let sql = "ALTER TABLE analytics.cohort_members DELETE WHERE project = {project:String} AND list IN {lists:Array(UInt64)}";
        for sql in cluster::render(&Statement::plain(sql), self.tables.cluster.as_ref()) {
            self.query(&sql).param("lists", lists).with_setting("mutations_sync", "2").execute().await?;
        }
        Ok(())
    }

    /// Deletes lists that no query can read any more: replaced long enough ago, or of an import that was cut off.
    async fn delete_unread(&self) -> anyhow::Result<()> {
        let sql = "SELECT DISTINCT list FROM analytics.cohort_members WHERE project = {project:String}";
        let there: Vec<u64> = self.query(sql).fetch_all().await?;
        let unread = unread(&there, &self.rows().await?, now_us()?);
        if unread.is_empty() { Ok(()) } else { self.delete(&unread).await }
    }

    /// All rows, those of removed cohorts too.
    async fn rows(&self) -> anyhow::Result<Vec<Cohort>> {
        let sql = "SELECT name, description, definition, list, former, is_removed, version \
             FROM analytics.cohorts FINAL WHERE project = {project:String} ORDER BY name";
        Ok(self.query(sql).fetch_all().await?)
    }

    fn query(&self, sql: &str) -> clickhouse::query::Query {
        self.tables.client.query_raw(sql).param("project", self.project)
    }

    async fn insert(&self, sql: &str, rows: bytes::Bytes) -> anyhow::Result<()> {
        let insert = self.tables.client.insert_formatted_with(sql);
        // In a cluster, the rows are on their shards before anything names them.
        let mut insert = insert.with_setting("distributed_foreground_insert", "1");
        insert.send(rows).await?;
        insert.end().await.context("ClickHouse did not take the cohort")
    }
}

/// Which of the lists that are there nobody reads.
fn unread(there: &[u64], cohorts: &[Cohort], now_us: u64) -> Vec<u64> {
    let is_of = |list: u64, cohort: &Cohort| !cohort.is_removed && cohort.list == list;
    let until_ms = |list: u64| cohorts.iter().flat_map(|cohort| &cohort.former).find(|former| former.0 == list);
    let is_unread = |list: u64| match until_ms(list) {
        _ if cohorts.iter().any(|cohort| is_of(list, cohort)) => false,
        Some((_, until_ms)) => *until_ms <= now_us / 1_000,
        // Nobody's yet, while it is imported.
        None => list + IMPORT_US_MAX < now_us,
    };
    there.iter().copied().filter(|list| is_unread(*list)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: u64 = 2_000_000_000_000_000;
    const NOW_MS: u64 = NOW_US / 1_000;

    fn list(list: u64, former: &[(u64, u64)]) -> Cohort {
        Cohort { list, former: former.to_vec(), version: NOW_US - 1, ..Cohort::default() }
    }

    #[test]
    fn a_replaced_list_is_readable_for_as_long_as_a_query_runs() {
        let before = list(5, &[(3, NOW_MS), (4, NOW_MS + 1)]);
        let replaced = list(6, &[]).changed(&before, NOW_US);
        assert_eq!(replaced.former, [(4, NOW_MS + 1), (5, NOW_MS + QUERY_MS_MAX)]);
        // Only described anew.
        assert_eq!(list(5, &[]).changed(&before, NOW_US).former, [(4, NOW_MS + 1)]);
    }

    #[test]
    fn a_change_counts_though_clocks_go_backwards() {
        let before = Cohort { version: NOW_US, ..Cohort::default() };
        assert_eq!(Cohort::default().changed(&before, NOW_US - 9).version, NOW_US + 1);
        assert_eq!(Cohort::default().changed(&before, NOW_US + 9).version, NOW_US + 9);
    }

    #[test]
    fn lists_are_deleted_when_nobody_reads_them() {
        let removed = Cohort { is_removed: true, ..list(7, &[(8, NOW_MS + 1)]) };
        let cohorts = [list(1, &[(2, NOW_MS), (3, NOW_MS + 1)]), removed];
        let just_begun = NOW_US - IMPORT_US_MAX;
        assert_eq!(unread(&[1, 2, 3, 7, 8, 9, just_begun], &cohorts, NOW_US), [2, 7, 9]);
    }
}
