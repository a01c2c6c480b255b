//! Connections, bounded in number and time: none stays open without asking.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Connections at once; more wait in the system's queue.
pub const CONNECTIONS_MAX: usize = 512;
/// A request's head has to come in so long, and a connection without a request is closed after
/// it; ClickHouse's `keep_alive_timeout`.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// A request's head, its URL included, has at most so many bytes.
pub const HEAD_BYTES_MAX: usize = 128 << 10;
/// For an accept that failed, such as by the limit of open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is told to stop, then lets running requests end.
pub async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) -> Result<(), Infallible> {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let running = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_BYTES_MAX);
    loop {
        let next = tokio::select! {
            next = accept(&listener, &connections) => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, place) = match next {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = running.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    running.shutdown().await;
    Ok(())
}

async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Small answers go out at once, not when the client has acknowledged what came before.
    stream.set_nodelay(true)?;
    Ok((stream, place))
}
