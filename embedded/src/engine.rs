//! The engine: connections, each opened for one request, sessions, and the registry of
//! running queries that `KILL QUERY` and `query_id` need.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    config,
    ffi::{Api, Connection},
    lanes::Lanes,
    reading::settings::Limits,
    refusal::Refusal,
};

/// Named sessions kept at once.
pub const SESSIONS_MAX: usize = 64;
/// One reading statement may use one part in so many of the engine's memory.
const READING_SHARE: u64 = 2;

/// An open data folder.
pub struct Engine {
    api: &'static Api,
    data: String,
    configuration: String,
    /// Who may run now.
    pub lanes: Lanes,
    /// What a reading statement may use.
    pub reading_limits: Limits,
    running: Mutex<HashSet<String>>,
    sessions: Mutex<HashMap<String, Session>>,
    /// Keeps the engine's storage open while no request runs.
    _anchor: Mutex<Connection>,
}

struct Session {
    /// `None` while a request of the session runs.
    connection: Option<Connection>,
    expires: Instant,
}

impl Engine {
    /// Loads the library and opens the folder.
    ///
    /// # Errors
    /// If either fails, with what to do.
    pub fn open(library: &Path, data: &Path, memory_bytes_max: Option<u64>) -> anyhow::Result<Self> {
        let api = Api::load(library).map_err(anyhow::Error::msg)?;
        let data = data.canonicalize()?;
        let configuration = config::write(&data, memory_bytes_max)?.to_string_lossy().into_owned();
        let data = data.to_string_lossy().into_owned();
        let mut anchor = Connection::open(api, &data, &configuration).map_err(anyhow::Error::msg)?;
        let memory_bytes = memory_bytes(&mut anchor).map_err(anyhow::Error::msg)?;
        tracing::info!(memory_bytes_max = memory_bytes, "the engine's memory");
        Ok(Self {
            api,
            data,
            configuration,
            lanes: Lanes::default(),
            reading_limits: Limits { memory_bytes_max: memory_bytes / READING_SHARE },
            running: Mutex::default(),
            sessions: Mutex::default(),
            _anchor: Mutex::new(anchor),
        })
    }

    /// A connection of its own, outside the limits: for `KILL QUERY`, which must work
    /// when everything else is stuck.
    ///
    /// # Errors
    /// If the engine refuses.
    pub fn connect(&self) -> Result<Connection, Refusal> {
        Connection::open(self.api, &self.data, &self.configuration).map_err(|_| Refusal {
            code: 1002,
            message: "the engine opens no connection; its memory may be used up. (UNKNOWN_EXCEPTION)".to_owned(),
        })
    }

    /// Registers a running query id until the guard is dropped.
    ///
    /// # Errors
    /// If a query of that id runs already.
    pub fn register(self: &Arc<Self>, query_id: &str) -> Result<Running, Refusal> {
        if lock(&self.running).insert(query_id.to_owned()) {
            return Ok(Running { engine: Arc::clone(self), query_id: query_id.to_owned() });
        }
        Err(Refusal {
            code: 216,
            message: format!("Query with id = {query_id} is already running. (QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)"),
        })
    }

    /// Whether a query of that id runs.
    #[must_use]
    pub fn is_running(&self, query_id: &str) -> bool {
        lock(&self.running).contains(query_id)
    }

    /// Takes the connection of a named session, or opens it.
    ///
    /// # Errors
    /// If a request of the session runs already, or too many sessions are open.
    pub fn take_session(&self, id: &str) -> Result<Connection, Refusal> {
        let mut sessions = lock(&self.sessions);
        let now = Instant::now();
        sessions.retain(|_, session| session.connection.is_none() || session.expires > now);
        if let Some(session) = sessions.get_mut(id) {
            return session.connection.take().ok_or_else(|| Refusal {
                code: 373,
                message: format!("Session {id} is locked by a concurrent client. (SESSION_IS_LOCKED)"),
            });
        }
        if sessions.len() >= SESSIONS_MAX {
            evict_oldest(&mut sessions);
        }
        if sessions.len() >= SESSIONS_MAX {
            let message = format!("Too many sessions: {SESSIONS_MAX} are in use. (TOO_MANY_SIMULTANEOUS_QUERIES)");
            return Err(Refusal { code: 202, message });
        }
        let connection = self.connect()?;
        sessions.insert(id.to_owned(), Session { connection: None, expires: now });
        Ok(connection)
    }

    /// Returns a session's connection, to be kept for `timeout`.
    pub fn return_session(&self, id: &str, connection: Connection, timeout: Duration) {
        let session = Session { connection: Some(connection), expires: Instant::now() + timeout };
        lock(&self.sessions).insert(id.to_owned(), session);
    }
}

/// A registered query id.
pub struct Running {
    engine: Arc<Engine>,
    query_id: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.engine.running).remove(&self.query_id);
    }
}

/// The limit by which the engine really goes.
fn memory_bytes(connection: &mut Connection) -> Result<u64, String> {
    const SQL: &str = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'";
    let answer = connection.query(SQL, "TSV", &[])?;
    let text = String::from_utf8_lossy(answer.bytes()).trim().to_owned();
    let bytes: Option<u64> = text.parse().ok().filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("the engine names no limit of its memory, but {text:?}"))
}

fn evict_oldest(sessions: &mut HashMap<String, Session>) {
    let idle = sessions.iter().filter(|(_, s)| s.connection.is_some());
    if let Some(oldest) = idle.min_by_key(|(_, s)| s.expires).map(|(id, _)| id.clone()) {
        sessions.remove(&oldest);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The maps are valid after every single operation, so a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
