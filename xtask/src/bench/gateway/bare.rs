//! The limit: a handler that reads the body and answers, and does nothing else.

use axum::{Router, body::Bytes, http::StatusCode, routing::post};

/// Serves on a free port, whose address it prints, until the process is ended.
///
/// # Errors
/// If no port can be had.
pub async fn serve() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let app = Router::new().route("/", post(async |_body: Bytes| StatusCode::CREATED));
    Ok(axum::serve(listener, app).await?)
}
