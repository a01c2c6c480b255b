//! Emulates a 1 Gbit/s network between the data source and ClickHouse by relaying both directions
//! at that rate. Only the rate is emulated, not the latency.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};

/// 1 Gbit/s.
const BYTES_PER_S: f64 = 125_000_000.0;
const PIECE_BYTES: usize = 64 << 10;
/// Accumulates waits shorter than the timer's resolution, and compensates for waits that took too long.
const WAIT_MIN: Duration = Duration::from_millis(1);
const BEHIND_MAX: Duration = Duration::from_millis(5);

/// Opens a relay to `url` and returns its address.
pub async fn open(url: &str) -> anyhow::Result<String> {
    let target = url.strip_prefix("http://").context("the engine's address is not http://…")?.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let target = target.clone();
            tokio::spawn(async move {
                let Ok(far) = TcpStream::connect(&target).await else { return };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                tokio::join!(pass_on(near_read, far_write), pass_on(far_read, near_write));
            });
        }
    });
    Ok(format!("http://127.0.0.1:{port}"))
}

async fn pass_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut piece = vec![0; PIECE_BYTES];
    let mut free_at = Instant::now();
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        #[expect(clippy::cast_precision_loss, reason = "a piece is small")]
        let takes = Duration::from_secs_f64(count as f64 / BYTES_PER_S);
        free_at = free_at.max(Instant::now() - BEHIND_MAX) + takes;
        if free_at > Instant::now() + WAIT_MIN {
            sleep_until(free_at).await;
        }
        if to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
