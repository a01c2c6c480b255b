//! The plugin process: hashicorp/go-plugin's handshake, the gRPC services, the end.
//!
//! The SDK's own `Plugin::start` is not used. Its generated services are, behind this
//! router, which answers go-plugin's health check and shutdown call and takes larger
//! messages. Rule's source: go-plugin's own internals.md and its `grpc_controller.proto`.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, task};

use anyhow::{Context, ensure};
use tokio::sync::Notify;
use tokio_stream::{StreamExt as _, wrappers::TcpListenerStream};
use tonic::{body::BoxBody, codegen::http, server::NamedService};

use crate::{
    protocol::{
        data_server::DataServer, diagnostics_server::DiagnosticsServer, resource_server::ResourceServer,
        stream_server::StreamServer,
    },
    service::Service,
};

/// go-plugin's proof that a plugin's host started this process.
const COOKIE: (&str, &str) = ("grafana_plugin_type", "datasource");
/// go-plugin's core protocol and Grafana's own.
const PROTOCOLS: (u8, u8) = (1, 2);
/// The name under which go-plugin's `Ping` asks.
const HEALTH_NAME: &str = "plugin";
/// One request of Grafana; dashboards send far less.
const REQUEST_BYTES_MAX: usize = 16 << 20;

/// Serves until the host calls `Shutdown` or the process is signalled.
///
/// # Errors
/// If no host started this process, or the port cannot be served.
pub async fn serve() -> anyhow::Result<()> {
    ensure!(
        std::env::var(COOKIE.0).is_ok_and(|value| value == COOKIE.1),
        "This is a Grafana plugin and is started by Grafana: put its folder into Grafana's plugin path."
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
    let address = listener.local_addr()?;
    let (mut health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_NAME, tonic_health::ServingStatus::Serving).await;
    let stop = Arc::new(Notify::new());
    let service = Service::default();
    let router = tonic::transport::Server::builder()
        .add_service(health_service)
        .add_service(Controller { stop: Arc::clone(&stop) })
        .add_service(DataServer::new(service.clone()).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(StreamServer::new(service.clone()).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(ResourceServer::new(service.clone()).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(DiagnosticsServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX));
    println!("{}|{}|tcp|{address}|grpc", PROTOCOLS.0, PROTOCOLS.1);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "plugin is ready");
    // An answer is a few small writes: held back until the host acknowledges the first, it
    // would come 40 ms late.
    let connections = TcpListenerStream::new(listener).map(|stream| stream.and_then(without_delay));
    router.serve_with_incoming_shutdown(connections, stopped(stop)).await?;
    Ok(())
}

fn without_delay(stream: tokio::net::TcpStream) -> std::io::Result<tokio::net::TcpStream> {
    stream.set_nodelay(true).map(|()| stream)
}

async fn stopped(stop: Arc<Notify>) {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return stop.notified().await;
    };
    tokio::select! {
        () = stop.notified() => {}
        _ = terminate.recv() => {}
        _ = interrupt => {}
    }
}

/// `plugin.GRPCController`: its one call asks the plugin to end. Without it go-plugin
/// waits two seconds and kills the process.
#[derive(Clone)]
struct Controller {
    stop: Arc<Notify>,
}

impl NamedService for Controller {
    const NAME: &'static str = "plugin.GRPCController";
}

impl tonic::codegen::Service<http::Request<BoxBody>> for Controller {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let stop = Arc::clone(&self.stop);
        Box::pin(async move {
            if request.uri().path() != "/plugin.GRPCController/Shutdown" {
                return Ok(tonic::Status::unimplemented("only Shutdown is known").into_http());
            }
            let codec = tonic::codec::ProstCodec::<(), ()>::default();
            Ok(tonic::server::Grpc::new(codec).unary(Shutdown(stop), request).await)
        })
    }
}

struct Shutdown(Arc<Notify>);

impl tonic::server::UnaryService<()> for Shutdown {
    type Response = ();
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<()>, tonic::Status>> + Send>>;

    fn call(&mut self, _: tonic::Request<()>) -> Self::Future {
        self.0.notify_one();
        Box::pin(async { Ok(tonic::Response::new(())) })
    }
}
