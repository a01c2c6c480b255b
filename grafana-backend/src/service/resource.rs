//! `CallResource`: suggestions for the query editor.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_stream::Once;
use tonic::{Request, Response, Status};

use super::{Service, plan, schema};
use crate::{
    cohorts,
    error::QueryError,
    events::{
        dimension::{COLUMNS, Dimension},
        entry::ENTRY,
        path_rules::{PATH, PathRules},
    },
    facts::Facts,
    protocol::{CallResourceRequest, CallResourceResponse, resource_server::Resource},
    settings::Settings,
    sql::Sql,
};

/// Names in one answer.
const NAMES_MAX: i64 = 500;
/// Suggestions are of this many days before the project's newest event.
const RECENT_DAYS: i64 = 30;

#[derive(Row, Deserialize)]
struct Name {
    name: String,
}

#[tonic::async_trait]
impl Resource for Service {
    type CallResourceStream = Once<Result<CallResourceResponse, Status>>;

    async fn call_resource(
        &self,
        request: Request<CallResourceRequest>,
    ) -> Result<Response<Self::CallResourceStream>, Status> {
        let (code, body) = match self.suggest(&request.into_inner()).await {
            Ok(Some(body)) => (200, body),
            Ok(None) => (
                404,
                json!({"error": "unknown resource; expected projects, events, properties, values, dimensions, cohorts, schema or plan"}),
            ),
            Err(error) => (error.status(), json!({"error": error.to_string()})),
        };
        let response = CallResourceResponse { code, body: body.to_string().into(), ..Default::default() };
        Ok(Response::new(tokio_stream::once(Ok(response))))
    }
}

impl Service {
    /// Reads the path and its parameters, and asks.
    async fn suggest(&self, request: &CallResourceRequest) -> Result<Option<Value>, QueryError> {
        let (settings, clickhouse) = self.open(request.plugin_context.as_ref(), headers(request))?;
        let asked = Asked::read(&request.url, &settings);
        let sql = match request.path.trim_matches('/') {
            "dimensions" => return Ok(Some(dimensions())),
            "plan" => {
                let _turn = self.edit_turn().await?;
                return plan::answer(&request.body, &settings, &clickhouse).await.map(Some);
            }
            "schema" => {
                let _turn = self.edit_turn().await?;
                return schema::tables(&clickhouse, &settings.sql_tables).await.map(Some);
            }
            "cohorts" => {
                let _turn = self.edit_turn().await?;
                let cohorts = cohorts::all(&clickhouse, &asked.project).await?;
                return Ok(Some(cohorts.iter().filter(|cohort| asked.finds(&cohort.name)).map(of_cohort).collect()));
            }
            "projects" => projects(),
            "events" => asked.values(&Dimension::Column("event")),
            "properties" => asked.properties(),
            "values" => {
                let dimension = of_events(Dimension::parse(&asked.field).map_err(|error| error.at("field"))?);
                match dimension.entries().have_page() {
                    true => {
                        let _turn = self.edit_turn().await?;
                        asked.pages(&Facts::of(&clickhouse, &asked.project).await?.reading.paths)
                    }
                    false => asked.values(&dimension),
                }
            }
            _ => return Ok(None),
        };
        let _turn = self.edit_turn().await?;
        let names: Vec<Name> = clickhouse.rows(sql).await?;
        Ok(Some(names.into_iter().map(|name| name.name).collect()))
    }
}

fn headers(request: &CallResourceRequest) -> impl Iterator<Item = (&str, &str)> {
    request.headers.iter().filter_map(|(name, values)| Some((name.as_str(), values.values.first()?.as_str())))
}

/// How large it is says the query type `cohorts`.
fn of_cohort(cohort: &cohorts::Cohort) -> Value {
    json!({"name": cohort.name, "kind": cohort.kind(), "description": cohort.description})
}

/// The columns, then those of a session's first event.
fn dimensions() -> Value {
    COLUMNS.into_iter().chain(ENTRY.iter().map(|column| column.asked)).collect()
}

/// A session's entry has the values that events have.
fn of_events(dimension: Dimension) -> Dimension {
    match dimension {
        Dimension::Entry(column) => Dimension::Column(column.name),
        other => other,
    }
}

fn projects() -> Sql {
    let mut sql = Sql::new(
        "SELECT toString(project) AS name FROM analytics.events GROUP BY name ORDER BY count() DESC, name LIMIT ",
    );
    sql.int(NAMES_MAX);
    sql
}

/// The parameters of the address.
#[derive(Default)]
struct Asked {
    project: String,
    field: String,
    search: String,
}

impl Asked {
    fn read(url: &str, settings: &Settings) -> Self {
        let mut asked = Self { project: settings.default_project.clone(), ..Self::default() };
        let parsed = url::Url::parse("http://plugin/").ok().and_then(|base| base.join(url).ok());
        for (name, value) in parsed.iter().flat_map(url::Url::query_pairs) {
            match &*name {
                "project" if !value.is_empty() => asked.project = value.into_owned(),
                "field" => asked.field = value.into_owned(),
                "search" => asked.search = value.into_owned(),
                _ => {}
            }
        }
        asked
    }

    /// Whether a name contains the searched string.
    fn finds(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.search.to_lowercase())
    }

    /// The values of a column or property of the last days that contain the searched string, the
    /// most frequent first.
    fn values(&self, dimension: &Dimension) -> Sql {
        self.names(|sql| dimension.write(sql))
    }

    /// The same of paths, as queries see them.
    fn pages(&self, rules: &PathRules) -> Sql {
        self.names(|sql| {
            sql.text("toString(")
                .sub(|sql| {
                    rules.write(sql, |sql| {
                        sql.text(PATH);
                    })
                })
                .text(")");
        })
    }

    fn names(&self, write: impl FnOnce(&mut Sql)) -> Sql {
        let mut sql = Sql::new("SELECT ");
        sql.sub(write).text(" AS name FROM analytics.events WHERE ");
        self.recent(&mut sql);
        sql.text(" AND name != '' AND positionCaseInsensitiveUTF8(name, ").string(&self.search);
        sql.text(") > 0 GROUP BY name ORDER BY count() DESC, name LIMIT ").int(NAMES_MAX);
        sql
    }

    fn properties(&self) -> Sql {
        let mut sql = Sql::new("SELECT toString(arrayJoin(mapKeys(properties))) AS name FROM analytics.events WHERE ");
        self.recent(&mut sql);
        sql.text(" GROUP BY name HAVING positionCaseInsensitiveUTF8(name, ").string(&self.search);
        sql.text(") > 0 ORDER BY count() DESC, name LIMIT ").int(NAMES_MAX);
        sql
    }

    /// Of the project's last days; suggestions need not read years.
    fn recent(&self, sql: &mut Sql) {
        sql.text("project = ")
            .string(&self.project)
            .text(" AND ts >= (SELECT max(ts) FROM analytics.events WHERE project = ");
        sql.string(&self.project).text(") - toIntervalDay(").int(RECENT_DAYS).text(")");
    }
}
