//! Rows of the article's table, in the same order every time, so that an import can go on
//! where it was cut off.

use anyhow::ensure;
use bytes::BytesMut;
use clickhouse::query::BytesCursor;
use serde_json::Value;

use super::{Content, Record};
use crate::operate::{
    Tables,
    import::{
        Options,
        dropped::{Dropped, Place},
    },
};

/// The answer to a running query.
pub struct Query {
    cursor: Box<BytesCursor>,
    rest: BytesMut,
    row: u64,
}

impl Query {
    /// Checks that it is the lab's table, and asks for all of it.
    pub async fn open(options: &Options, tables: &Tables) -> anyhow::Result<Self> {
        let (database, table) = options.lab_table()?;
        let columns: Vec<String> = tables
            .client
            .query_raw("SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String}")
            .param("database", database)
            .param("table", table)
            .fetch_all()
            .await?;
        for name in ["type", "session_id", "timestamp"] {
            ensure!(
                columns.iter().any(|column| column == name),
                "{} has no column {name}: is it the lab's table?",
                options.table
            );
        }
        let cursor = tables
            .client
            .query_raw(
                "SELECT * FROM {database:Identifier}.{table:Identifier} ORDER BY session_id, timestamp, cityHash64(*)",
            )
            .param("database", database)
            .param("table", table)
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes("JSONEachRow")?;
        Ok(Self { cursor: Box::new(cursor), rest: BytesMut::new(), row: 0 })
    }

    /// The next row.
    pub async fn next(&mut self) -> anyhow::Result<Option<Record>> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.rest[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(searched + end + 1);
                self.row += 1;
                return Ok(Some(Record { place: Place::Row(self.row), content: object(&line) }));
            }
            searched = self.rest.len();
            let Some(bytes) = self.cursor.next().await? else { return Ok(None) };
            self.rest.extend_from_slice(&bytes);
        }
    }
}

fn object(line: &[u8]) -> Content {
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Content::Record(object),
        Ok(_) | Err(_) => Content::Unreadable(Dropped::NotJson),
    }
}
