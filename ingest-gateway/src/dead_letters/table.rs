//! Letters as rows of `analytics.dead_letters`.

use std::time::Duration;

use anyhow::Context as _;
use clickhouse::Client;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vector_components::timestamp;

use super::{DeadLetter, ORIGIN, Selection};

const INSERT: &str = "INSERT INTO analytics.dead_letters FORMAT JSONEachRow";
const INSERT_TIME_MAX: Duration = Duration::from_secs(20);
/// Rows that are read at once; each holds an event.
const PAGE_ROWS: usize = 100;

/// The table.
pub struct Table {
    client: Client,
}

/// Letters of a table, page by page, in the order in which they came.
pub struct TablePages {
    client: Client,
    selection: Selection,
    /// The last letter that was read.
    after: (i64, Uuid),
}

/// A row as it is written.
#[derive(Serialize)]
struct Row<'a> {
    received_at: String,
    project: &'a str,
    reason: &'a str,
    field: &'a str,
    message: &'a str,
    body: String,
    letter_id: Uuid,
    visitor: u64,
    bytes: u64,
    context: String,
}

/// A row as it is read: instant, project, reason, field, message, body, id, visitor, bytes, context.
#[derive(clickhouse::Row, Deserialize)]
struct Found {
    received_ms: i64,
    project: String,
    reason: String,
    field: String,
    message: String,
    body: String,
    #[serde(with = "clickhouse::serde::uuid")]
    letter_id: Uuid,
    visitor: u64,
    bytes: u64,
    context: String,
}

impl Table {
    /// With a client for ClickHouse.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Inserts letters.
    pub(super) async fn write(&self, letters: &[DeadLetter]) -> anyhow::Result<()> {
        let mut rows = Vec::new();
        for letter in letters {
            serde_json::to_writer(&mut rows, &row(letter)?)?;
            rows.push(b'\n');
        }
        let insert = self.client.insert_formatted_with(INSERT);
        let mut insert = insert.with_timeouts(Some(INSERT_TIME_MAX), Some(INSERT_TIME_MAX)).buffered();
        let mut rest = &rows[..];
        while !rest.is_empty() {
            let written = insert.write(rest).await?;
            rest = &rest[written..];
        }
        Ok(insert.end().await?)
    }

    /// The letters of a selection.
    #[must_use]
    pub fn read(self, selection: Selection) -> TablePages {
        TablePages { client: self.client, selection, after: (i64::MIN, Uuid::nil()) }
    }
}

impl TablePages {
    /// The next ones; none at the end.
    ///
    /// # Errors
    /// If ClickHouse refuses.
    pub async fn next(&mut self) -> anyhow::Result<Vec<DeadLetter>> {
        let Selection { project, reasons, ids, since_ms, until_ms } = &self.selection;
        let sql = format!(
            "SELECT toUnixTimestamp64Milli(received_at) AS received_ms, toString(project) AS project, toString(reason) AS reason, \
             toString(field) AS field, message, body, letter_id, visitor, bytes, context FROM analytics.dead_letters \
             WHERE (received_ms, toString(letter_id)) > ({{after_ms:Int64}}, {{after_id:String}}) \
             AND letter_id != toUUID('00000000-0000-0000-0000-000000000000') \
             AND received_ms >= {{since_ms:Int64}} AND received_ms < {{until_ms:Int64}} \
             AND ({{project:String}} = '' OR project = {{project:String}}) \
             AND (empty({{reasons:Array(String)}}) OR has({{reasons:Array(String)}}, reason)) \
             AND (empty({{ids:Array(String)}}) OR has({{ids:Array(String)}}, toString(letter_id))) \
             ORDER BY received_ms, toString(letter_id) LIMIT 1 BY letter_id LIMIT {PAGE_ROWS}"
        );
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let query = self.client.query_raw(&sql).param("after_ms", self.after.0);
        let query = query.param("after_id", self.after.1.to_string());
        let query =
            query.param("since_ms", since_ms.unwrap_or(i64::MIN)).param("until_ms", until_ms.unwrap_or(i64::MAX));
        let query = query.param("project", project.as_deref().unwrap_or_default());
        let query = query.param("reasons", reasons).param("ids", ids);
        let rows: Vec<Found> = query.fetch_all().await.context("the dead letters cannot be read")?;
        let letters = rows.into_iter().map(letter).collect::<anyhow::Result<Vec<_>>>()?;
        if let Some(last) = letters.last() {
            self.after = last.order();
        }
        Ok(letters)
    }
}

fn row(letter: &DeadLetter) -> anyhow::Result<Row<'_>> {
    Ok(Row {
        received_at: timestamp::to_clickhouse(letter.received_at_ms).as_str().to_owned(),
        project: &letter.project,
        reason: &letter.reason,
        field: &letter.field,
        message: &letter.detail,
        body: String::from_utf8_lossy(&letter.body).into_owned(),
        letter_id: letter.id,
        visitor: letter.visitor,
        bytes: letter.bytes,
        context: serde_json::to_string(&letter.context)?,
    })
}

fn letter(row: Found) -> anyhow::Result<DeadLetter> {
    let context = match row.context.as_str() {
        "" => super::Context::default(),
        json => serde_json::from_str(json).with_context(|| format!("dead letter {}", row.letter_id))?,
    };
    Ok(DeadLetter {
        id: row.letter_id,
        received_at_ms: row.received_ms,
        project: row.project,
        reason: row.reason,
        field: row.field,
        detail: row.message,
        origin: ORIGIN.to_owned(),
        visitor: row.visitor,
        bytes: row.bytes,
        body: row.body.into_bytes(),
        context,
    })
}
