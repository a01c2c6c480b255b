//! Running a statement within the datasource's limits.

pub mod connect;
mod native;

use std::{collections::BTreeMap, time::Duration};

use clickhouse::{Client, RowOwned, RowRead};

use crate::{
    error::QueryError,
    memory::{Held, Memory},
    sql::Sql,
};
pub use native::Columns;

/// The result of a statement that a person wrote, in bytes.
const RESULT_BYTES_MAX: usize = 64 << 20;
/// Ending a cancelled query.
const KILL_TIME_MAX: Duration = Duration::from_secs(5);

/// What a variable of a person's statement stands for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Bound {
    /// One value, of whatever type the statement says.
    One(String),
    /// An array of strings.
    Several(Vec<String>),
}

/// ClickHouse for one request.
#[derive(Clone)]
pub struct ClickHouse {
    client: Client,
    timeout: Duration,
    memory: Memory,
}

impl ClickHouse {
    /// ClickHouse as the settings say, over a connection that all requests share.
    #[must_use]
    pub fn new(client: Client, timeout: Duration, memory: Memory) -> Self {
        Self { client, timeout, memory }
    }

    /// The memory that this query shares with the others.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// All rows of a small result.
    ///
    /// # Errors
    /// ClickHouse's own message, or that it cannot be reached in time.
    pub async fn rows<T: RowOwned + RowRead>(&self, sql: Sql) -> Result<Vec<T>, QueryError> {
        self.within_time(async {
            let (query, running) = self.query(sql);
            let rows = query.fetch_all().await;
            running.ended();
            rows.map_err(error)
        })
        .await
    }

    /// Gives a large result of integers, `N` columns of 8 bytes each, block by block, while
    /// `each` wants more. They come by column, which is several times faster than by row.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn fold_numbers<const N: usize>(
        &self,
        sql: Sql,
        mut each: impl FnMut(Columns<'_, N>) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        self.within_time(async {
            let (query, running) = self.query(sql);
            let mut cursor = query.fetch_bytes("Native").map_err(error)?;
            let mut reader = native::Reader::<N>::default();
            while let Some(bytes) = cursor.next().await.map_err(error)? {
                let mut wrong = None;
                let mut each = |columns: Columns<'_, N>| {
                    each(columns).unwrap_or_else(|error| {
                        wrong = Some(error);
                        false
                    })
                };
                let wants_more = reader.read(&bytes, &mut each).map_err(QueryError::ClickHouse)?;
                match wrong {
                    Some(error) => return Err(error),
                    None if !wants_more => return Ok(()),
                    None => {}
                }
            }
            running.ended();
            reader.end().map_err(QueryError::ClickHouse)
        })
        .await
    }

    /// The lines of a statement that a person wrote, as JSON: names, types, then the rows; at
    /// most so many, and so many bytes of them. It may read and nothing else. The memory is held
    /// as long as the lines are.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn lines(
        &self,
        text: &str,
        variables: &BTreeMap<String, Bound>,
        lines_max: usize,
    ) -> Result<Lines, QueryError> {
        self.within_time(async {
            let (query, running) = self.begin(text);
            // What a person wrote may hold what is not for logs.
            tracing::debug!(query_id = running.query_id, "asking ClickHouse what a person wrote");
            // 2: settings may be given, nothing may be changed.
            let query = query.with_setting("readonly", "2").with_setting("date_time_output_format", "iso");
            // A table without a database is one of Footfall's, never one of the user's default.
            let query = query.with_setting("database", "analytics");
            let query = variables.iter().fold(query, |query, (name, value)| match value {
                Bound::One(value) => query.param(name, value),
                Bound::Several(values) => query.param(name, values),
            });
            // The server stops at a result that is too large, before it has made all of it.
            let query = query
                .with_setting("max_result_bytes", RESULT_BYTES_MAX.to_string())
                .with_setting("result_overflow_mode", "throw");
            let mut bytes = query.fetch_bytes("JSONCompactEachRowWithNamesAndTypes").map_err(error)?;
            let mut lines = Lines { lines: Vec::new(), held: self.memory.start() };
            let mut rest = Vec::new();
            while let Some(more) = bytes.next().await.map_err(error)? {
                if lines.held.bytes() + more.len() > RESULT_BYTES_MAX {
                    return Err(QueryError::ResultTooLarge(RESULT_BYTES_MAX >> 20));
                }
                lines.held.grow(more.len())?;
                rest.extend_from_slice(&more);
                if lines.take_complete(&mut rest, lines_max) {
                    return Ok(lines);
                }
            }
            running.ended();
            lines.push(&rest);
            Ok(lines)
        })
        .await
    }

    fn query(&self, sql: Sql) -> (clickhouse::query::Query, Running) {
        let (text, parameters) = sql.into_parts();
        let (query, running) = self.begin(&text);
        tracing::debug!(query_id = running.query_id, sql = text, "asking ClickHouse");
        (parameters.into_iter().fold(query, |query, (name, value)| value.bind(query, &name)), running)
    }

    /// ClickHouse and this plugin both log the query's id, so that a slow panel is found again.
    fn begin(&self, text: &str) -> (clickhouse::query::Query, Running) {
        let query_id = format!("footfall-{}", uuid::Uuid::now_v7());
        let query = self.client.query_raw(text).with_setting("query_id", &query_id);
        (query, Running { client: self.client.clone(), query_id: Some(query_id) })
    }

    async fn within_time<T>(&self, work: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
        // ClickHouse stops by itself at the limit; this is for one that does not answer.
        let grace = Duration::from_secs(2);
        match tokio::time::timeout(self.timeout + grace, work).await {
            Ok(result) => result,
            Err(_) => Err(QueryError::Timeout(self.timeout.as_secs())),
        }
    }
}

/// Lines of a result, and the memory that they hold.
pub struct Lines {
    /// Each without its end.
    pub lines: Vec<String>,
    held: Held,
}

impl Lines {
    /// Takes the lines that are complete out of `rest`; whether there are more than `lines_max` then.
    fn take_complete(&mut self, rest: &mut Vec<u8>, lines_max: usize) -> bool {
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for line in rest[..end].split_inclusive(|byte| *byte == b'\n') {
            self.push(line);
            if self.lines.len() > lines_max {
                return true;
            }
        }
        rest.drain(..end);
        false
    }

    fn push(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if !line.is_empty() {
            self.lines.push(String::from_utf8_lossy(line).into_owned());
        }
    }
}

/// A query that runs in ClickHouse. Dropped before it ended (Grafana has cancelled the panel,
/// time is up, or enough has been read) it is killed there: closing the connection does not
/// end it.
struct Running {
    client: Client,
    query_id: Option<String>,
}

impl Running {
    fn ended(mut self) {
        self.query_id = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(query_id), Ok(runtime)) = (self.query_id.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let kill = self.client.query_raw("KILL QUERY WHERE query_id = {id:String} ASYNC").param("id", &query_id);
        runtime.spawn(async move {
            match tokio::time::timeout(KILL_TIME_MAX, kill.execute()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(query_id, %error, "a cancelled query could not be killed"),
                Err(_) => tracing::warn!(query_id, "a cancelled query was not killed in {} s", KILL_TIME_MAX.as_secs()),
            }
        });
    }
}

fn error(error: clickhouse::error::Error) -> QueryError {
    use clickhouse::error::Error;
    match error {
        Error::Network(source) => QueryError::Unreachable(root_cause(source.as_ref())),
        Error::BadResponse(message)
            if message.contains("(UNKNOWN_TABLE)") || message.contains("(UNKNOWN_DATABASE)") =>
        {
            QueryError::ClickHouse(format!(
                "the tables are missing: run `ingest-gateway migrate`. ClickHouse says: {message}"
            ))
        }
        Error::BadResponse(message) => QueryError::ClickHouse(message),
        other => QueryError::ClickHouse(other.to_string()),
    }
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
