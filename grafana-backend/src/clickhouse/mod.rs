//! Running a statement within the datasource's limits.

pub mod connect;
mod native;

use std::{collections::BTreeMap, time::Duration};

use clickhouse::{Client, RowOwned, RowRead};
use tokio::io::AsyncBufReadExt;

use crate::{error::QueryError, query::sql::Sql};
pub use native::Columns;

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
}

impl ClickHouse {
    /// ClickHouse as the settings say, over a connection that is kept for all requests.
    #[must_use]
    pub fn new(client: Client, timeout: Duration) -> Self {
        Self { client, timeout }
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

    /// Gives a large result of whole numbers, `N` columns of 8 bytes each, block by block, while
    /// `each` wants more. They come by column, which is several times faster than by row.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn fold_numbers<const N: usize>(
        &self,
        sql: Sql,
        mut each: impl FnMut(Columns<'_, N>) -> bool,
    ) -> Result<(), QueryError> {
        self.within_time(async {
            let (query, running) = self.query(sql);
            let mut cursor = query.fetch_bytes("Native").map_err(error)?;
            let mut reader = native::Reader::<N>::default();
            while let Some(bytes) = cursor.next().await.map_err(error)? {
                if !reader.read(&bytes, &mut each).map_err(QueryError::ClickHouse)? {
                    return Ok(());
                }
            }
            running.ended();
            reader.end().map_err(QueryError::ClickHouse)
        })
        .await
    }

    /// The lines of a statement that a person wrote, as JSON: names, types, then the rows; at
    /// most so many. It may read and nothing else.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn lines(
        &self,
        text: &str,
        variables: &BTreeMap<String, Bound>,
        lines_max: usize,
    ) -> Result<Vec<String>, QueryError> {
        self.within_time(async {
            let (query, running) = self.begin(text);
            // What a person wrote may hold what is not for logs.
            tracing::debug!(query_id = running.query_id, "asking ClickHouse what a person wrote");
            // 2: settings may be given, nothing may be changed.
            let query = query.with_setting("readonly", "2").with_setting("date_time_output_format", "iso");
            let query = variables.iter().fold(query, |query, (name, value)| match value {
                Bound::One(value) => query.param(name, value),
                Bound::Several(values) => query.param(name, values),
            });
            let mut lines = query.fetch_bytes("JSONCompactEachRowWithNamesAndTypes").map_err(error)?.lines();
            let mut out = Vec::new();
            while let Some(line) = lines.next_line().await.map_err(|e| QueryError::ClickHouse(e.to_string()))? {
                out.push(line);
                if out.len() > lines_max {
                    return Ok(out);
                }
            }
            running.ended();
            Ok(out)
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
            if let Err(error) = kill.execute().await {
                tracing::warn!(query_id, %error, "a cancelled query could not be killed");
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
