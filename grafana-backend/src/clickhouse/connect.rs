//! Connections by the datasource's settings: TLS with one's own authority or certificate,
//! headers, the environment's proxy. Cached for all requests of the same settings.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use clickhouse::{Client, Compression};
use http::Uri;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::{
        legacy::{
            Client as HyperClient,
            connect::{Connect, HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::Matcher,
    },
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider, pki_types::pem::PemObject};

use super::ClickHouse;
use crate::{
    error::QueryError,
    memory::Memory,
    settings::{self, ClientCertificate, Secret, Settings, Tls},
};

/// Datasources whose connections are cached.
const CACHED_MAX: usize = 64;
const KEEPALIVE: std::time::Duration = std::time::Duration::from_secs(60);
/// ClickHouse closes idle connections after 3 s by default.
const IDLE_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Connections by settings.
#[derive(Default)]
pub struct Connections {
    cached: Mutex<HashMap<Settings, Numbered>>,
    next: AtomicU64,
    memory: Memory,
}

#[derive(Clone)]
struct Numbered {
    number: u64,
    client: Client,
}

/// The connection of some settings.
pub struct Connected {
    /// Its number, which no other settings have.
    pub number: u64,
    /// ClickHouse over it.
    pub clickhouse: ClickHouse,
}

impl Connections {
    /// The connection of these settings.
    ///
    /// # Errors
    /// If a certificate or key cannot be read.
    pub fn of(&self, settings: &Settings) -> Result<Connected, QueryError> {
        let lock = || self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = lock().get(settings).cloned();
        let Numbered { number, client } = match known {
            Some(known) => known,
            None => {
                let new = Numbered { number: self.next.fetch_add(1, Ordering::Relaxed), client: client(settings)? };
                let mut cached = lock();
                if cached.len() >= CACHED_MAX {
                    cached.clear();
                }
                cached.entry(settings.clone()).or_insert(new).clone()
            }
        };
        Ok(Connected { number, clickhouse: ClickHouse::new(client, settings.query_timeout, self.memory.clone()) })
    }
}

/// Connector → address, user, limits → headers.
fn client(settings: &Settings) -> Result<Client, QueryError> {
    let mut http = HttpConnector::new();
    http.set_keepalive(Some(KEEPALIVE));
    http.set_nodelay(true);
    http.enforce_http(false);
    let uri: Uri = settings.url.parse().map_err(|e| QueryError::invalid("url", format!("{e}")))?;
    let client = match Matcher::from_env().intercept(&uri) {
        Some(proxy) => {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), http);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            over(tunnel, settings)?
        }
        None => over(http, settings)?,
    };
    let client = client
        .with_url(&settings.url)
        .with_setting("max_execution_time", settings.query_timeout.as_secs().to_string())
        .with_setting("max_memory_usage", settings.memory_bytes_max.to_string())
        .with_setting("max_rows_to_read", settings.rows_read_max.to_string())
        .with_product_info("footfall-grafana", env!("CARGO_PKG_VERSION"));
    let client = match compression(settings) {
        Compression::None => client.with_compression(Compression::None),
        // The client asks for it by a header alone, which a server heeds only with this setting.
        coding => client.with_compression(coding).with_setting("enable_http_compression", "1"),
    };
    let client = match settings.username.as_str() {
        "" => client,
        user => client.with_user(user).with_password(settings.password.reveal()),
    };
    Ok(settings.headers.iter().fold(client, |client, (name, value)| client.with_header(name, value.reveal())))
}

fn over<C>(connector: C, settings: &Settings) -> Result<Client, QueryError>
where
    C: tower_service::Service<Uri> + Clone + Send + Sync + 'static,
    hyper_rustls::HttpsConnector<C>: Connect + Clone + Send + Sync + 'static,
{
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls(&settings.tls)?).https_or_http().enable_http1();
    let connector = builder.wrap_connector(connector);
    let client = HyperClient::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_TIME_MAX).build(connector);
    Ok(Client::with_http_client(client))
}

fn tls(tls: &Tls) -> Result<ClientConfig, QueryError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let bad = |what: &str, why: String| QueryError::invalid(what, why);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| bad("TLS", e.to_string()))?;
    let builder = match tls.skip_verify {
        true => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
        false => builder.with_root_certificates(roots(tls.ca_certificate.as_ref())?),
    };
    let Some(ClientCertificate { chain, key }) = &tls.client else { return Ok(builder.with_no_client_auth()) };
    let chain = rustls::pki_types::CertificateDer::pem_slice_iter(chain.reveal().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| bad("tlsClientCert", format!("it is not a certificate in PEM: {e}")))?;
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key.reveal().as_bytes())
        .map_err(|e| bad("tlsClientKey", format!("it is not a private key in PEM: {e}")))?;
    builder.with_client_auth_cert(chain, key).map_err(|e| bad("tlsClientCert", format!("it does not fit the key: {e}")))
}

/// One's own authority alone, or the system's; where the system has none, Mozilla's.
fn roots(own: Option<&Secret>) -> Result<RootCertStore, QueryError> {
    let mut roots = RootCertStore::empty();
    let Some(own) = own else {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        return Ok(roots);
    };
    let bad = |why: String| QueryError::invalid("tlsCACert", why);
    for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(own.reveal().as_bytes()) {
        let certificate = certificate.map_err(|e| bad(format!("it is not a certificate in PEM: {e}")))?;
        roots.add(certificate).map_err(|e| bad(format!("it is not the certificate of an authority: {e}")))?;
    }
    match roots.is_empty() {
        true => Err(bad("it holds no certificate in PEM".into())),
        false => Ok(roots),
    }
}

/// For `tlsSkipVerify`: who answers is believed, only the signatures have to fit.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn compression(settings: &Settings) -> Compression {
    match settings.compression {
        settings::Compression::None => Compression::None,
        settings::Compression::Auto if is_loopback(&settings.url) => Compression::None,
        settings::Compression::Auto | settings::Compression::Lz4 => Compression::Lz4,
    }
}

fn is_loopback(url: &str) -> bool {
    match url::Url::parse(url).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
