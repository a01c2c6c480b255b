//! TLS as clients see it: both versions of HTTP, a certificate that is replaced, and what is no TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use common::Gateway;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

const EVENT: &str = r#"{"type":"a","timestamp":1713326652000}"#;
const NAME: &str = "events.example";

/// Certificate and key files, and the authorities that a client trusts.
struct Files {
    folder: tempfile::TempDir,
    trusted: Vec<CertificateDer<'static>>,
}

impl Files {
    fn new() -> Self {
        let mut files = Self { folder: tempfile::tempdir().unwrap(), trusted: Vec::new() };
        files.replace();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new pair there; returns the certificate.
    fn replace(&mut self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
        fs::write(self.path("tls.crt"), cert.pem()).unwrap();
        fs::write(self.path("tls.key"), signing_key.serialize_pem()).unwrap();
        self.trusted.push(cert.der().clone());
        cert.der().clone()
    }

    fn environment(&self) -> [(&'static str, String); 2] {
        let name = |file: &str| self.path(file).display().to_string();
        [("FOOTFALL_TLS_CERTIFICATE", name("tls.crt")), ("FOOTFALL_TLS_KEY", name("tls.key"))]
    }

    fn start(&self, data: &Path, more: &[(&str, &str)]) -> Gateway {
        let files = self.environment();
        let files = files.iter().map(|(name, value)| (*name, value.as_str()));
        let environment: Vec<_> = files.chain(more.iter().copied()).collect();
        Gateway::start_with(data, &environment)
    }

    async fn connect(&self, gateway: &Gateway, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.trusted.iter().cloned());
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let stream = TcpStream::connect(gateway.url.strip_prefix("https://").unwrap()).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// The certificate that a new connection is shown.
    async fn shown(&self, gateway: &Gateway) -> CertificateDer<'static> {
        let stream = self.connect(gateway, &[]).await;
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

fn event() -> Request<Body> {
    Request::post("https://events.example/v1/events")
        .header("host", NAME)
        .header("x-app", "app")
        .body(Body::from(EVENT))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_and_2_are_spoken_and_a_certificate_is_replaced_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut files = Files::new();
    let first = files.trusted[0].clone();
    let gateway = files.start(data.path(), &[]);
    let stream = files.connect(&gateway, &[b"h2", b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut h2, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(h2.send_request(event()).await.unwrap().status(), 201);
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let stream = files.connect(&gateway, protocols).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), protocols.first().copied());
        let (mut h1, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        assert_eq!(h1.send_request(event()).await.unwrap().status(), 201);
    }
    assert_eq!(files.shown(&gateway).await, first);
    assert_eq!(health(&gateway, &files), (true, "ready\n".to_owned()));

    // Half of a pair, and a file that is no certificate: the old one stays.
    fs::write(files.path("tls.crt"), "-----BEGIN CERTIFICATE-----\nno\n").unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(files.shown(&gateway).await, first);
    let second = files.replace();
    let started = Instant::now();
    while files.shown(&gateway).await != second {
        assert!(started.elapsed() < Duration::from_secs(15), "the new certificate is not taken up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(h2.send_request(event()).await.unwrap().status(), 201, "a connection outlives its certificate");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_tls_is_not_answered_and_ends_in_time() {
    let data = tempfile::tempdir().unwrap();
    let files = Files::new();
    let gateway = files.start(data.path(), &[("FOOTFALL_HEAD_MS_MAX", "1000"), ("FOOTFALL_IDLE_MS_MAX", "3000")]);
    let address = gateway.url.strip_prefix("https://").unwrap();
    // Plain HTTP; half of a handshake, and silence; silence alone; a client that agrees and then says nothing.
    for (sent, time_max) in
        [(&b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"[..], 1), (&[22, 3, 1, 2, 0][..], 4), (b"", 6)]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, sent).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(time_max), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "it is still open after {time_max} s: {sent:?}");
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let mut silent = files.connect(&gateway, &[b"http/1.1"]).await;
    let started = Instant::now();
    let read = tokio::time::timeout(Duration::from_secs(8), silent.read_to_end(&mut Vec::new())).await;
    assert!(
        read.is_ok() && started.elapsed() > Duration::from_secs(2),
        "it is idle, not slow: {:?}",
        started.elapsed()
    );
    assert!(gateway.stop());
}

#[test]
fn a_pair_that_does_not_fit_ends_the_start_without_telling_the_key() {
    let (mut files, data) = (Files::new(), tempfile::tempdir().unwrap());
    let key = fs::read_to_string(files.path("tls.key")).unwrap();
    files.replace();
    fs::write(files.path("tls.key"), &key).unwrap();
    let start = |environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        command.env("FOOTFALL_LISTEN", "127.0.0.1:0").env("FOOTFALL_DATA", data.path());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let pair = files.environment();
    let pair: Vec<_> = pair.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = start(&pair);
    assert!(said.contains("tls.crt") && said.contains("tls.key do not fit"), "{said}");
    assert!(!said.contains(key.lines().nth(1).unwrap()));
    assert!(start(&pair[..1]).contains("give both, or none"));
    let swapped = [("FOOTFALL_TLS_CERTIFICATE", pair[1].1), ("FOOTFALL_TLS_KEY", pair[0].1)];
    let said = start(&swapped);
    assert!(said.contains("there is no certificate in it") && !said.contains(key.lines().nth(1).unwrap()), "{said}");
}

/// `ingest-gateway health` with the gateway's own settings.
fn health(gateway: &Gateway, files: &Files) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    program.arg("health").env("FOOTFALL_LISTEN", gateway.url.strip_prefix("https://").unwrap());
    let output = program.envs(files.environment()).output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}
