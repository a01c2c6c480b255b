//! Connections that send no complete request.

use anyhow::Context;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{DESCRIPTORS_MAX, Target};

/// More connections than the gateway has descriptors: half of them idle, half with an unfinished head. An
/// event must get through while they are open.
pub async fn idle(target: &Target) -> anyhow::Result<()> {
    let address = target.gateway.first_line.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for at in 0..DESCRIPTORS_MAX + 64 {
        // The gateway may refuse or close some of them.
        let Ok(mut stream) = TcpStream::connect(&address).await else { continue };
        if at % 2 == 1 {
            let _ = stream.write_all(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Half: ").await;
        }
        open.push(stream);
    }
    let event = serde_json::json!({"type": "between", "user_id": "u", "timestamp": 1_767_225_600_000_i64});
    let client = reqwest::Client::new();
    let request = client.post(target.events_url()).header("X-App", super::PROJECT).json(&event);
    let answer = tokio::time::timeout(std::time::Duration::from_secs(20), request.send()).await;
    let answer =
        answer.context("no response within 20 s next to idle connections")?.context("no connection available")?;
    anyhow::ensure!(answer.status() == 201, "an event next to idle connections got status {}", answer.status());
    drop(open);
    Ok(())
}
