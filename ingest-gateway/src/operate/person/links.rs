//! What the tables say of who is whom.

use clickhouse::Row;
use serde::Deserialize;

use crate::operate::Tables;

/// The people of one project.
pub struct People<'a> {
    tables: &'a Tables,
    project: &'a str,
}

/// A claim that a visitor is a person.
#[derive(Row, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who is claimed.
    pub visitor: u64,
    /// To be whom.
    pub person: u64,
    /// By the first event that says so, in milliseconds since 1970 UTC.
    pub first_ms: i64,
    /// By the last.
    pub last_ms: i64,
    /// An operator has undone it.
    pub is_undone: bool,
    /// It is a user's, by an alias.
    pub is_alias: bool,
}

/// What the events say of a visitor.
#[derive(Row, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The visitor.
    pub visitor: u64,
    /// Its user id, if it is a user.
    pub user_id: String,
    /// Its anonymous id, if it is a device.
    pub anonymous_id: String,
    /// Events.
    pub events: u64,
}

impl<'a> People<'a> {
    /// Of a project.
    #[must_use]
    pub fn new(tables: &'a Tables, project: &'a str) -> Self {
        Self { tables, project }
    }

    /// The person that a visitor is; itself if nothing links it.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn person_of(&self, visitor: u64) -> anyhow::Result<u64> {
        let sql = "SELECT person FROM analytics.people WHERE project = {project:String} AND visitor = {visitor:UInt64} LIMIT 1";
        let person: Option<u64> = self.query(sql).param("visitor", visitor).fetch_optional().await?;
        Ok(person.unwrap_or(visitor))
    }

    /// All visitors that are this person, the person's own number first.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn visitors_of(&self, person: u64) -> anyhow::Result<Vec<u64>> {
        // By device, since all links of a project are many.
        let sql = "WITH users AS (SELECT {person:UInt64} AS id UNION ALL SELECT visitor FROM analytics.alias_ends WHERE project = {project:String} AND person = {person:UInt64}) \
             SELECT DISTINCT visitor FROM (SELECT id AS visitor FROM users UNION ALL \
             SELECT visitor FROM analytics.people WHERE project = {project:String} AND person = {person:UInt64} AND visitor IN (\
             SELECT visitor FROM analytics.links WHERE project = {project:String} AND person IN (SELECT id FROM users))) ORDER BY visitor";
        let linked: Vec<u64> = self.query(sql).param("person", person).fetch_all().await?;
        Ok(std::iter::once(person).chain(linked.into_iter().filter(|visitor| *visitor != person)).collect())
    }

    /// The claims that are made of visitors, in the order in which they count.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn claims(&self, visitors: &[u64]) -> anyhow::Result<Vec<Claim>> {
        let sql = "SELECT visitor, person, toUnixTimestamp64Milli(first_at) AS first_ms, toUnixTimestamp64Milli(last_at) AS last_ms, \
             decision % 2 = 1 AS is_undone, is_alias FROM (\
             SELECT visitor, person, first_at, last_at, decision, is_claimed, false AS is_alias FROM analytics.links FINAL WHERE project = {project:String} AND visitor IN {visitors:Array(UInt64)} \
             UNION ALL \
             SELECT visitor, person, first_at, last_at, decision, is_claimed, true AS is_alias FROM analytics.aliases FINAL WHERE project = {project:String} AND visitor IN {visitors:Array(UInt64)}) \
             WHERE is_claimed = 1 ORDER BY visitor, first_ms, person";
        Ok(self.query(sql).param("visitors", visitors).fetch_all().await?)
    }

    /// What the events say of visitors; nothing of those that have none.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn seen(&self, visitors: &[u64]) -> anyhow::Result<Vec<Seen>> {
        let sql = "SELECT visitor, anyLast(events.user_id) AS user_id, anyLast(if(events.user_id = '', events.anonymous_id, '')) AS anonymous_id, count() AS events \
             FROM analytics.events AS events FINAL WHERE project = {project:String} AND visitor IN {visitors:Array(UInt64)} GROUP BY visitor ORDER BY visitor";
        Ok(self.query(sql).param("visitors", visitors).fetch_all().await?)
    }

    fn query(&self, sql: &str) -> clickhouse::query::Query {
        self.tables.client.query_raw(sql).param("project", self.project)
    }
}
