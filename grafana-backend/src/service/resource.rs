//! `CallResource`: suggestions for the query editor.

use clickhouse::Row;
use grafana_plugin_sdk::pluginv2::{CallResourceRequest, CallResourceResponse, resource_server::Resource};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_stream::Once;
use tonic::{Request, Response, Status};

use super::Service;
use crate::{
    clickhouse::ClickHouse, error::QueryError, query::dimension::COLUMNS, query::sql::Sql, settings::Settings,
};

/// Names in one answer.
const NAMES_MAX: i64 = 500;

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
        let (code, body) = match answer(&request.into_inner()).await {
            Ok(Some(body)) => (200, body),
            Ok(None) => (404, json!({"error": "there is projects, events and dimensions"})),
            Err(error) => (error.status(), json!({"error": error.to_string()})),
        };
        let response = CallResourceResponse { code, body: body.to_string().into(), ..Default::default() };
        Ok(Response::new(tokio_stream::once(Ok(response))))
    }
}

async fn answer(request: &CallResourceRequest) -> Result<Option<Value>, QueryError> {
    let settings = Settings::read(request.plugin_context.as_ref())?;
    let mut sql = match request.path.trim_matches('/') {
        "dimensions" => return Ok(Some(json!(COLUMNS))),
        "projects" => Sql::new(
            "SELECT toString(project) AS name FROM analytics.events GROUP BY name ORDER BY count() DESC, name LIMIT ",
        ),
        "events" => {
            let project = project(&request.url).unwrap_or_else(|| settings.default_project.clone());
            let mut sql = Sql::new("SELECT toString(event) AS name FROM analytics.events WHERE project = ");
            sql.string(&project).text(" GROUP BY name ORDER BY count() DESC, name LIMIT ");
            sql
        }
        _ => return Ok(None),
    };
    sql.int(NAMES_MAX);
    let names: Vec<Name> = ClickHouse::new(&settings).rows(sql).await?;
    Ok(Some(names.into_iter().map(|name| name.name).collect()))
}

fn project(url: &str) -> Option<String> {
    let base = url::Url::parse("http://plugin/").ok()?;
    let url = base.join(url).ok()?;
    url.query_pairs().find(|(name, _)| name == "project").map(|(_, value)| value.into_owned())
}
