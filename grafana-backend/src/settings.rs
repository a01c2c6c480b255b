//! The datasource's settings, as Grafana hands them over with every request. The keys
//! are those of Grafana's own ClickHouse datasource where it has them.

use std::{collections::HashMap, time::Duration};

use serde::Deserialize;

use crate::{check::at_most, error::QueryError, protocol::PluginContext, sql_tables::Tables};

const URL_DEFAULT: &str = "http://127.0.0.1:8123";
const QUERY_TIMEOUT_S_DEFAULT: u64 = 60;
const QUERY_TIMEOUT_S_MAX: u64 = 3_600;
const MEMORY_BYTES_DEFAULT: u64 = 8 << 30;
/// Event names that count as page views, unless the settings name others; the view that
/// fills `analytics.sessions` has the same list.
pub const PAGE_VIEW_EVENTS: [&str; 7] = ["page_view", "pageview", "$pageview", "page", "view", "screen_view", "screen"];

/// Seconds that an answer is cached, if the settings do not say.
const CACHE_SECONDS_DEFAULT: u64 = 5;
const CACHE_SECONDS_MAX: u64 = 3_600;
/// Rows of a result of SQL, if the settings do not say.
const ROW_LIMIT_DEFAULT: usize = 100_000;
const ROW_LIMIT_MAX: usize = 1_000_000;
/// Headers of one datasource.
pub const HEADERS_MAX: usize = 20;
/// Secure values of headers have names that begin so.
const SECURE_HEADER: &str = "secureHttpHeaders.";

/// Resolved settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// ClickHouse's HTTP address.
    pub url: String,
    /// ClickHouse's user; empty for none.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The project of queries that name none.
    pub default_project: String,
    /// Event names that count as page views.
    pub page_view_events: Vec<String>,
    /// A query's time.
    pub query_timeout: Duration,
    /// A query's memory in ClickHouse, in bytes.
    pub memory_bytes_max: u64,
    /// Rows that a query may read in ClickHouse; 0 is without a limit.
    pub rows_read_max: u64,
    /// An answer is cached for this many seconds; 0 is never.
    pub cache_seconds: u64,
    /// The tables that a person's SQL may read.
    pub sql_tables: Tables,
    /// Whether answers come compressed.
    pub compression: Compression,
    /// How TLS is done.
    pub tls: Tls,
    /// Sent with every request to ClickHouse, by name.
    pub headers: Vec<(String, Secret)>,
    /// Rows of a result of SQL; it is cut there.
    pub row_limit: usize,
    /// Whether the viewer's own authorization is passed on.
    pub oauth_pass_thru: bool,
    /// Whether the viewer's name is.
    pub forward_grafana_headers: bool,
}

/// Whether ClickHouse compresses what it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// LZ4 unless ClickHouse is on this machine, where compressing costs more than it saves.
    #[default]
    Auto,
    /// Always LZ4.
    Lz4,
    /// Never: for a network of 10 Gbit/s and more.
    None,
}

/// TLS beyond the system's certificate authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tls {
    /// Believe any certificate.
    pub skip_verify: bool,
    /// A certificate authority of one's own, in PEM.
    pub ca_certificate: Option<Secret>,
    /// What the client shows of itself.
    pub client: Option<ClientCertificate>,
}

/// A client's certificate, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// It, and those that it stands on.
    pub chain: Secret,
    /// Its private key.
    pub key: Secret,
}

/// A string that is never printed.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Keeps a string from being printed.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The string itself, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonData {
    username: String,
    default_project: String,
    page_view_events: Vec<String>,
    query_timeout: Option<serde_json::Value>,
    memory_bytes_max: Option<u64>,
    rows_read_max: Option<u64>,
    cache_seconds: Option<u64>,
    sql_tables: Vec<String>,
    compression: Compression,
    tls_skip_verify: bool,
    tls_auth: bool,
    #[serde(rename = "tlsAuthWithCACert")]
    tls_auth_with_ca_cert: bool,
    http_headers: Vec<Header>,
    row_limit: Option<usize>,
    oauth_pass_thru: bool,
    forward_grafana_headers: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Header {
    name: String,
    value: String,
    secure: bool,
}

impl Settings {
    /// Reads the settings of the request's datasource. What is absent has a default.
    ///
    /// # Errors
    /// If the request names no datasource or its JSON does not fit.
    pub fn read(context: Option<&PluginContext>) -> Result<Self, QueryError> {
        let instance = context.and_then(|c| c.data_source_instance_settings.as_ref());
        let instance = instance.ok_or_else(|| QueryError::invalid("datasource", "the request names no datasource"))?;
        let json: JsonData = if instance.json_data.is_empty() {
            JsonData::default()
        } else {
            serde_json::from_slice(&instance.json_data).map_err(|e| QueryError::invalid("jsonData", e.to_string()))?
        };
        let secure = &instance.decrypted_secure_json_data;
        let url = if instance.url.is_empty() { URL_DEFAULT } else { instance.url.trim_end_matches('/') };
        check_url(url)?;
        Ok(Self {
            url: url.to_owned(),
            username: json.username,
            password: secret(secure, "password"),
            default_project: json.default_project,
            page_view_events: match json.page_view_events {
                names if names.is_empty() => PAGE_VIEW_EVENTS.map(str::to_owned).to_vec(),
                names => names,
            },
            query_timeout: Duration::from_secs(timeout_s(json.query_timeout.as_ref())?),
            memory_bytes_max: json.memory_bytes_max.unwrap_or(MEMORY_BYTES_DEFAULT),
            rows_read_max: json.rows_read_max.unwrap_or(0),
            cache_seconds: cache_seconds(json.cache_seconds)?,
            sql_tables: Tables::new(&json.sql_tables)?,
            compression: json.compression,
            tls: Tls {
                skip_verify: json.tls_skip_verify,
                ca_certificate: json.tls_auth_with_ca_cert.then(|| secret(secure, "tlsCACert")),
                client: json.tls_auth.then(|| ClientCertificate {
                    chain: secret(secure, "tlsClientCert"),
                    key: secret(secure, "tlsClientKey"),
                }),
            },
            headers: headers(&json.http_headers, secure)?,
            row_limit: row_limit(json.row_limit)?,
            oauth_pass_thru: json.oauth_pass_thru,
            forward_grafana_headers: json.forward_grafana_headers,
        })
    }
}

fn secret(all: &HashMap<String, String>, name: &str) -> Secret {
    Secret(all.get(name).cloned().unwrap_or_default())
}

fn row_limit(given: Option<usize>) -> Result<usize, QueryError> {
    let rows = given.unwrap_or(ROW_LIMIT_DEFAULT);
    if !(1..=ROW_LIMIT_MAX).contains(&rows) {
        let message = format!("{rows} is not a number of rows from 1 to {ROW_LIMIT_MAX}");
        return Err(QueryError::invalid("jsonData.rowLimit", message));
    }
    Ok(rows)
}

fn cache_seconds(given: Option<u64>) -> Result<u64, QueryError> {
    let seconds = given.unwrap_or(CACHE_SECONDS_DEFAULT);
    if seconds > CACHE_SECONDS_MAX {
        let message = format!("{seconds} is more than {CACHE_SECONDS_MAX}");
        return Err(QueryError::invalid("jsonData.cacheSeconds", message));
    }
    Ok(seconds)
}

/// Names and values are checked here, so that a bad one is named and no request fails later.
fn headers(given: &[Header], secure: &HashMap<String, String>) -> Result<Vec<(String, Secret)>, QueryError> {
    at_most("jsonData.httpHeaders", given.len(), HEADERS_MAX)?;
    let each = given.iter().filter(|header| !header.name.is_empty()).map(|header| {
        let value = match header.secure {
            true => secret(secure, &format!("{SECURE_HEADER}{}", header.name)),
            false => Secret(header.value.clone()),
        };
        let fits =
            http::HeaderName::try_from(&header.name).is_ok() && http::HeaderValue::try_from(value.reveal()).is_ok();
        match fits {
            true => Ok((header.name.clone(), value)),
            false => Err(QueryError::invalid(
                "jsonData.httpHeaders",
                format!("{:?} is not a header, or its value cannot be one", header.name),
            )),
        }
    });
    each.collect()
}

/// Grafana's own datasource keeps the number as a string.
fn timeout_s(value: Option<&serde_json::Value>) -> Result<u64, QueryError> {
    let Some(value) = value.filter(|v| !v.is_null() && v.as_str() != Some("")) else {
        return Ok(QUERY_TIMEOUT_S_DEFAULT);
    };
    let seconds = value.as_u64().or_else(|| value.as_str().and_then(|s| s.trim().parse().ok()));
    seconds.filter(|s| (1..=QUERY_TIMEOUT_S_MAX).contains(s)).ok_or_else(|| {
        QueryError::invalid(
            "jsonData.queryTimeout",
            format!("{value} is not a number of seconds from 1 to {QUERY_TIMEOUT_S_MAX}"),
        )
    })
}

fn check_url(url: &str) -> Result<(), QueryError> {
    let invalid = |why: &str| {
        QueryError::invalid("url", format!("{why}; expected ClickHouse's HTTP address, such as {URL_DEFAULT}"))
    };
    let parsed = url::Url::parse(url).map_err(|e| invalid(&e.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(invalid("the scheme is neither http nor https"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(invalid("it holds a user or password, which belong in their own fields"));
    }
    Ok(())
}
