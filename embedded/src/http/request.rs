//! The request's parameters: those of the interface itself, bound values (`param_*`)
//! and settings, which is every other name.

use std::time::Duration;

use axum::http::HeaderMap;

use crate::refusal::Refusal;

/// A session is kept for at most so long without a request; ClickHouse's default limit.
const SESSION_TIMEOUT_MAX: Duration = Duration::from_secs(3_600);
const SESSION_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// Bound values in one request.
const PARAMETERS_MAX: usize = 1_000;

/// Parameters of the interface without meaning here: who asks is known by now ([`super::auth`]),
/// results are exact or an error, and inserts are always committed before the answer,
/// which is stronger than what these ask for.
const WITHOUT_MEANING: [&str; 15] = [
    "user",
    "password",
    "quota_key",
    "role",
    "session_check",
    "close_session",
    "buffer_size",
    "wait_end_of_query",
    "stacktrace",
    "client_protocol_version",
    "async_insert",
    "wait_for_async_insert",
    "http_zlib_compression_level",
    "send_progress_in_http_headers",
    "log_comment",
];

/// A request's parameters.
#[derive(Debug, Clone)]
pub struct Parameters {
    pub query: String,
    pub query_id: String,
    pub database: Option<String>,
    pub default_format: Option<String>,
    pub session_id: String,
    pub session_timeout: Duration,
    /// The response is compressed in ClickHouse's native form.
    pub compress: bool,
    /// The request is, likewise.
    pub decompress: bool,
    pub http_compression: bool,
    pub settings: Vec<(String, String)>,
    pub bound: Vec<(String, String)>,
    /// Asked for by `readonly`; nothing else in the request takes it back.
    pub read_only: bool,
}

impl Parameters {
    /// Reads URL and headers.
    pub fn read(query_string: &str, headers: &HeaderMap) -> Result<Self, Refusal> {
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let mut out = Self {
            query: String::new(),
            query_id: String::new(),
            database: header("X-ClickHouse-Database"),
            default_format: header("X-ClickHouse-Format"),
            session_id: String::new(),
            session_timeout: SESSION_TIMEOUT_DEFAULT,
            compress: false,
            decompress: false,
            http_compression: true,
            settings: Vec::new(),
            bound: Vec::new(),
            read_only: false,
        };
        for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
            out.assign(&name, value.into_owned())?;
        }
        if out.query_id.is_empty() {
            out.query_id = uuid::Uuid::new_v4().to_string();
        }
        Ok(out)
    }

    /// Takes one parameter, of the URL or of a form in the body.
    pub fn assign(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        match name {
            "query" => self.query = value,
            "query_id" => self.query_id = value,
            "database" => self.database = Some(value),
            "default_format" => self.default_format = Some(value),
            "session_id" => self.session_id = value,
            "session_timeout" => self.session_timeout = timeout(&value)?,
            "compress" => self.compress = flag(&value),
            "decompress" => self.decompress = flag(&value),
            "enable_http_compression" => self.http_compression = flag(&value),
            "readonly" => self.read_only |= value.trim() != "0",
            name if WITHOUT_MEANING.contains(&name) => {}
            _ => match name.strip_prefix("param_") {
                Some(bound) => self.bound.push((bound.to_owned(), value)),
                None => self.settings.push((setting_name(name)?.to_owned(), value)),
            },
        }
        if self.bound.len() + self.settings.len() <= PARAMETERS_MAX {
            return Ok(());
        }
        Err(Refusal { code: 36, message: format!("More than {PARAMETERS_MAX} parameters. (BAD_ARGUMENTS)") })
    }

    /// The named session and how long it is kept, if the request has one.
    pub fn session(&self) -> Option<(String, Duration)> {
        (!self.session_id.is_empty()).then(|| (self.session_id.clone(), self.session_timeout))
    }

    /// The statement that applies the settings and the query id, if any is needed.
    pub fn set_statement(&self) -> String {
        let quoted = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
        let mut parts = vec![format!("log_comment = {}", quoted(&self.query_id)), "implicit_select = 0".to_owned()];
        parts.extend(self.settings.iter().map(|(name, value)| format!("{name} = {}", quoted(value))));
        format!("SET {}", parts.join(", "))
    }

    /// The statement that takes the settings back, for a session's next request.
    pub fn unset_statement(&self) -> Option<String> {
        let parts: Vec<String> = self.settings.iter().map(|(name, _)| format!("{name} = DEFAULT")).collect();
        (!parts.is_empty()).then(|| format!("SET {}", parts.join(", ")))
    }
}

/// A setting's name goes into a statement, so it must be a plain identifier.
fn setting_name(name: &str) -> Result<&str, Refusal> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !name.is_empty() && name.len() <= 128 && name.bytes().all(is_plain) {
        return Ok(name);
    }
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    Err(Refusal { code: 115, message: format!("Unknown setting '{shown}'. (UNKNOWN_SETTING)") })
}

fn timeout(value: &str) -> Result<Duration, Refusal> {
    let seconds: Option<u64> = value.parse().ok().filter(|s| *s <= SESSION_TIMEOUT_MAX.as_secs());
    seconds.map(Duration::from_secs).ok_or_else(|| Refusal {
        code: 374,
        message: format!(
            "Invalid session timeout '{value}', at most {} s. (INVALID_SESSION_TIMEOUT)",
            SESSION_TIMEOUT_MAX.as_secs()
        ),
    })
}

fn flag(value: &str) -> bool {
    matches!(value, "1" | "true")
}
