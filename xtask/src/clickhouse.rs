//! A statement and its text answer, over ClickHouse's HTTP interface.

use anyhow::ensure;
use reqwest::Client;

/// Asks; `parameters` are those of the URL, `param_*` among them.
pub async fn ask(client: &Client, clickhouse: &str, sql: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut url = reqwest::Url::parse(clickhouse)?;
    url.query_pairs_mut().extend_pairs(parameters);
    let mut request = client.post(url).body(sql.to_owned());
    if let Ok(user) = std::env::var("CLICKHOUSE_USER") {
        request = request.header("X-ClickHouse-User", user);
        request = request.header("X-ClickHouse-Key", std::env::var("CLICKHOUSE_PASSWORD").unwrap_or_default());
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "ClickHouse answered {status}: {text}");
    Ok(text.trim().to_owned())
}
