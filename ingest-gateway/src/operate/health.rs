//! `ingest-gateway health`: is the gateway of this machine ready? For the health checks of containers,
//! whose images bring no HTTP client.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::tls;

const TIME_MAX: Duration = Duration::from_secs(3);
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Asks `/readyz` of the gateway that listens at this address.
///
/// # Errors
/// If it does not answer in time, or answers that it is not ready; with what is missing.
pub async fn run(listen: SocketAddr, is_tls: bool) -> anyhow::Result<()> {
    println!("{}", ready(listen, is_tls).await?.trim_end());
    Ok(())
}

/// What `/readyz` of the gateway that listens at this address says when it is ready.
///
/// # Errors
/// As [`run`].
pub async fn ready(listen: SocketAddr, is_tls: bool) -> anyhow::Result<String> {
    let address = reachable(listen);
    let asked = tokio::time::timeout(TIME_MAX, ask(address, is_tls)).await;
    let answer = asked
        .with_context(|| format!("no answer from {address} within {} s", TIME_MAX.as_secs()))?
        .with_context(|| format!("cannot ask {address}: does the gateway run, and listen there (FOOTFALL_LISTEN)?"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) != Some("200") {
        bail!("{}", if body.is_empty() { head } else { body.trim() });
    }
    Ok(body.to_owned())
}

async fn ask(address: SocketAddr, is_tls: bool) -> anyhow::Result<String> {
    let stream = TcpStream::connect(address).await?;
    if !is_tls {
        return Ok(ask_on(stream).await?);
    }
    let name = rustls::pki_types::ServerName::IpAddress(address.ip().into());
    Ok(ask_on(tls::of_this_machine()?.connect(name, stream).await?).await?)
}

async fn ask_on(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.flush().await?;
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// "Every address" is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}
