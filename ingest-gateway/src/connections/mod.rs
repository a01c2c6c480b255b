//! Connections: how many there are, how long they may wait for their clients, and how they end.
//!
//! A connection costs a file descriptor and memory, and nobody has to send anything on it. So
//! there are at most so many, each with a time for its next request to begin and for a request's
//! head to be complete; and where all are taken, those that have waited longest for their clients make
//! room ([`registry`]), so that nobody can lock events out. What a request may cost once its head is
//! there is limited by the endpoints.
//!
//! An answer that is sent before the entire body was read reaches its client: the rest is read,
//! within limits, before ([`request`]) and after the answer ([`stream`]).

mod activity;
pub mod descriptors;
mod registry;
mod request;
mod stream;

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use hyper::service::service_fn;
use hyper_util::{rt::TokioIo, server::conn::auto::Builder};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::metrics::Metrics;
use activity::{Activity, Ending};
use registry::Registry;
use stream::Stream;

/// Connections get so long to end after the signal to stop.
const STOP_TIME_MAX: Duration = Duration::from_secs(15);
/// Between two looks for connections whose time is over.
const LOOK_PAUSE: Duration = Duration::from_millis(500);
/// Between two tries to make room.
const ROOM_PAUSE: Duration = Duration::from_millis(100);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// hyper's own limits lie above the ones that are answered in JSON (`endpoints::head`).
const BUFFER_BYTES_MAX: usize = 64 << 10;
const HTTP2_STREAMS_MAX: u32 = 128;
const HTTP2_STREAM_WINDOW_BYTES: u32 = 256 << 10;
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
const HTTP2_FRAME_BYTES_MAX: u32 = 16 << 10;
const HTTP2_HEAD_BYTES_MAX: u32 = 64 << 10;
const HTTP2_SEND_BYTES_MAX: usize = 64 << 10;
/// Streams that the client has reset while they wait to be accepted: the measure against rapid reset.
const HTTP2_RESETS_MAX: usize = 20;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At once.
    pub connections_max: usize,
    /// From the first byte of a request to the end of its head.
    pub head_time_max: Duration,
    /// Without a request.
    pub idle_time_max: Duration,
}

/// What connections are served with.
pub struct Serving {
    /// What they may take.
    pub limits: Limits,
    /// Counts them.
    pub metrics: Arc<Metrics>,
    /// If it is given, all connections are TLS.
    pub tls: Option<TlsAcceptor>,
    /// Everything that is spawned for a connection is in it: when it is empty, nobody uses the router.
    pub tasks: TaskTracker,
}

/// Serves until `stop`; then no new connections are taken, and those that are there end with
/// the requests on them.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    Serving { limits, metrics, tls, tasks }: Serving,
    stop: impl Future<Output = ()>,
) {
    let connections_max = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
    let server = Server {
        builder: builder(tasks.clone()),
        registry: Arc::new(Registry::new(limits, Arc::clone(&metrics))),
        slots: Arc::new(Semaphore::new(connections_max as usize)),
        stopping: CancellationToken::new(),
        tls,
        tasks,
        metrics,
        router,
    };
    server.metrics.connections.max.set(i64::from(connections_max));
    let mut stop = pin!(stop);
    let looking = tokio::spawn(close_overdue(Arc::clone(&server.registry)));
    let mut complaints = Complaints::default();
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, peer, slot) = server.next(&listener, &mut complaints) => server.spawn(stream, peer, slot),
        }
    }
    drop(listener);
    server.stopping.cancel();
    if tokio::time::timeout(STOP_TIME_MAX, server.slots.acquire_many(connections_max)).await.is_err() {
        tracing::warn!("some connections did not end in {} s", STOP_TIME_MAX.as_secs());
    }
    looking.abort();
}

/// Runs what HTTP/2 spawns, a task for each stream.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tracked {
    fn execute(&self, task: F) {
        drop(self.0.spawn(task));
    }
}

struct Server {
    builder: Arc<Builder<Tracked>>,
    registry: Arc<Registry>,
    slots: Arc<Semaphore>,
    stopping: CancellationToken,
    tls: Option<TlsAcceptor>,
    tasks: TaskTracker,
    metrics: Arc<Metrics>,
    router: Router,
}

impl Server {
    /// The next connection, and its slot; where there is none left, one is made free.
    async fn next(
        &self,
        listener: &TcpListener,
        complaints: &mut Complaints,
    ) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        let (stream, peer) = self.accept(listener, complaints).await;
        let mut at_least = 0;
        loop {
            if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
                return (stream, peer, slot);
            }
            let closed = self.registry.make_room(at_least);
            complaints.say(|others| {
                tracing::warn!(closed, others, "all connections are taken (FOOTFALL_CONNECTIONS_MAX): those that waited longest for their clients are closed");
            });
            let freed = tokio::time::timeout(ROOM_PAUSE, Arc::clone(&self.slots).acquire_owned()).await;
            if let Ok(Ok(slot)) = freed {
                return (stream, peer, slot);
            }
            at_least = 1;
        }
    }

    async fn accept(&self, listener: &TcpListener, complaints: &mut Complaints) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                // The client went away before its turn.
                Err(error) if is_of_one_client(&error) => tracing::debug!(%error, "a connection was not taken"),
                Err(error) => {
                    self.metrics.connections.accept_errors.inc();
                    complaints.say(|others| tracing::error!(%error, others, "connections cannot be taken"));
                    // Mostly there is no file descriptor left, which a closed connection gives back.
                    self.registry.make_room(1);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        // Answers are small and go out at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set");
        }
        let entry = self.registry.enter();
        let stream = Stream::new(stream, Arc::clone(&entry.activity), slot);
        let (builder, router, stopping) = (Arc::clone(&self.builder), self.router.clone(), self.stopping.clone());
        let (tls, metrics) = (self.tls.clone(), Arc::clone(&self.metrics));
        let serving = async move {
            let activity = &entry.activity;
            match tls {
                None => converse(&builder, TokioIo::new(stream), peer, router, activity, &stopping).await,
                Some(tls) => {
                    if let Some(stream) = shake_hands(&tls, stream, activity, &stopping, &metrics).await {
                        converse(&builder, TokioIo::new(*stream), peer, router, activity, &stopping).await;
                    }
                }
            }
        };
        drop(self.tasks.spawn(serving));
    }
}

/// Agrees on TLS; none if the client does not, or takes longer than a head may take.
async fn shake_hands(
    tls: &TlsAcceptor,
    stream: Stream,
    activity: &Arc<Activity>,
    stopping: &CancellationToken,
    metrics: &Metrics,
) -> Option<Box<TlsStream<Stream>>> {
    tokio::select! {
        shaken = tls.accept(stream) => match shaken {
            Ok(stream) => {
                activity.shaken();
                return Some(Box::new(stream));
            }
            Err(error) => {
                metrics.connections.tls_failed.inc();
                tracing::debug!(%error, "no TLS with a client");
            }
        },
        _ = activity.ending() => activity.cut(),
        () = stopping.cancelled() => activity.cut(),
    }
    None
}

/// Answers a connection's requests until either side ends it.
async fn converse(
    builder: &Builder<Tracked>,
    stream: TokioIo<impl AsyncRead + AsyncWrite + Send + Unpin + 'static>,
    peer: SocketAddr,
    router: Router,
    activity: &Arc<Activity>,
    stopping: &CancellationToken,
) {
    let service = service_fn(|request| request::answer(router.clone(), Arc::clone(activity), peer, request));
    let mut connection = pin!(builder.serve_connection(stream, service));
    let ending = tokio::select! {
        ended = connection.as_mut() => return said(ended),
        ending = activity.ending() => ending,
        () = stopping.cancelled() => Ending::Stop,
    };
    connection.as_mut().graceful_shutdown();
    let ended = futures_util::poll!(connection.as_mut());
    if ended.is_pending() && !activity.may_be_cut(ending) {
        // A request came in the meantime: it is answered, if its client takes the answer.
        tokio::select! {
            ended = connection => return said(ended),
            () = activity.abandoned() => {}
        }
    }
    activity.cut();
}

fn said(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn close_overdue(registry: Arc<Registry>) {
    loop {
        tokio::time::sleep(LOOK_PAUSE).await;
        registry.close_overdue();
    }
}

fn builder(tasks: TaskTracker) -> Arc<Builder<Tracked>> {
    let mut builder = Builder::new(Tracked(tasks));
    // Its own time limit for heads runs between requests as well; ours are two (`registry`).
    builder.http1().header_read_timeout(None).max_buf_size(BUFFER_BYTES_MAX);
    builder
        .http2()
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
        .max_frame_size(HTTP2_FRAME_BYTES_MAX)
        .max_header_list_size(HTTP2_HEAD_BYTES_MAX)
        .max_send_buf_size(HTTP2_SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
        .max_local_error_reset_streams(HTTP2_RESETS_MAX);
    Arc::new(builder)
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One line in the log for many like it.
#[derive(Default)]
struct Complaints {
    last: Option<Instant>,
    unsaid: u64,
}

impl Complaints {
    /// `say` is given how many were not said before.
    fn say(&mut self, say: impl FnOnce(u64)) {
        if self.last.is_some_and(|at| at.elapsed() < LOG_PAUSE) {
            self.unsaid += 1;
            return;
        }
        self.last = Some(Instant::now());
        say(std::mem::take(&mut self.unsaid));
    }
}
