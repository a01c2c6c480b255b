//! TLS, by rustls: certificate and key out of files, which are read again when they change. Connections go on with the
//! old certificate until the new one is complete and fits its key.

mod client;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, Weak},
    time::{Duration, SystemTime},
};

use anyhow::{Context, ensure};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

pub use client::of_this_machine;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A chain of certificates is far shorter.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// What a client may choose from, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where certificate and key are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// `FOOTFALL_TLS_CERTIFICATE`: the gateway's own certificate first, then those that lead to its authority.
    pub certificate: PathBuf,
    /// `FOOTFALL_TLS_KEY`.
    pub key: PathBuf,
}

/// Of each file, when it was changed and how long it is.
type State = [(SystemTime, u64); 2];

/// The certificate in use.
struct Current(RwLock<Arc<CertifiedKey>>);

impl Files {
    /// Reads both.
    ///
    /// # Errors
    /// If one cannot be read, or the key is not that of the certificate.
    pub fn read(&self) -> anyhow::Result<CertifiedKey> {
        let certificate = || format!("FOOTFALL_TLS_CERTIFICATE={}", self.certificate.display());
        let key = || format!("FOOTFALL_TLS_KEY={}", self.key.display());
        let text = read(&self.certificate).with_context(certificate)?;
        let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().with_context(certificate)?;
        ensure!(!chain.is_empty(), "{}: there is no certificate in it (PEM, BEGIN CERTIFICATE)", certificate());
        let text = read(&self.key).with_context(key)?;
        // The error says what is missing and nothing of the key.
        let private = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|error| anyhow::anyhow!("there is no private key in it (PEM): {error}"))
            .with_context(key)?;
        CertifiedKey::from_der(chain, private, &provider())
            .with_context(|| format!("{} and {} do not fit", certificate(), key()))
    }

    fn state(&self) -> Option<State> {
        let of = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Some([of(&self.certificate)?, of(&self.key)?])
    }
}

/// Accepts connections with the certificate of the files, as they are from time to time.
///
/// # Errors
/// As [`Files::read`].
pub fn accept(files: Files) -> anyhow::Result<TlsAcceptor> {
    let seen = files.state();
    let current = Arc::new(Current(RwLock::new(Arc::new(files.read()?))));
    tokio::spawn(watch(files, seen, Arc::downgrade(&current)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn watch(files: Files, mut seen: Option<State>, current: Weak<Current>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(current) = current.upgrade() else { return };
        // None while one is being replaced.
        let Some(state) = files.state().filter(|state| Some(*state) != seen) else { continue };
        seen = Some(state);
        match files.read() {
            Ok(new) => {
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(file = %files.certificate.display(), "the TLS certificate was read again");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the TLS certificate has changed and cannot be used; the old one stays");
            }
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(path)?.len();
    ensure!(bytes <= FILE_BYTES_MAX, "it has {bytes} bytes, at most {FILE_BYTES_MAX} are allowed");
    Ok(std::fs::read(path)?)
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(…)")
    }
}
