//! The engine: connections, bounded in number, each opened for one request, and the
//! registry of running queries that `KILL QUERY` and `query_id` need.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ffi::{Api, Connection};

/// Requests that run at once; more wait.
pub const CONCURRENT_REQUESTS_MAX: usize = 64;
/// Named sessions kept at once.
pub const SESSIONS_MAX: usize = 64;
/// A waiting request is refused after so long.
pub const QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// An open data folder.
pub struct Engine {
    api: &'static Api,
    data: String,
    slots: Arc<Semaphore>,
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

/// Why a request did not get its connection. The number is ClickHouse's exception code.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// ClickHouse's exception code.
    pub code: u16,
    /// ClickHouse's message form without the code.
    pub message: String,
}

impl Engine {
    /// Loads the library and opens the folder.
    ///
    /// # Errors
    /// If either fails, with what to do.
    pub fn open(library: &Path, data: &Path) -> anyhow::Result<Self> {
        let api = Api::load(library).map_err(anyhow::Error::msg)?;
        let data = data.canonicalize()?.to_string_lossy().into_owned();
        let anchor = api.connect(&data).map_err(anyhow::Error::msg)?;
        Ok(Self {
            api,
            data,
            slots: Arc::new(Semaphore::new(CONCURRENT_REQUESTS_MAX)),
            running: Mutex::default(),
            sessions: Mutex::default(),
            _anchor: Mutex::new(anchor),
        })
    }

    /// A connection of its own, outside the limit: for `KILL QUERY`, which must work
    /// when everything else is stuck.
    ///
    /// # Errors
    /// If the engine refuses.
    pub fn connect(&self) -> Result<Connection, String> {
        self.api.connect(&self.data)
    }

    /// Waits for a free slot.
    ///
    /// # Errors
    /// After [`QUEUE_WAIT_MAX`], ClickHouse's `TOO_MANY_SIMULTANEOUS_QUERIES`.
    pub async fn slot(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let wait = tokio::time::timeout(QUEUE_WAIT_MAX, Arc::clone(&self.slots).acquire_owned()).await;
        match wait {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Refusal {
                code: 202,
                message: format!(
                    "Too many simultaneous queries. Maximum: {CONCURRENT_REQUESTS_MAX}. (TOO_MANY_SIMULTANEOUS_QUERIES)"
                ),
            }),
        }
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
        let connection = self.connect().map_err(|message| Refusal { code: 1002, message })?;
        sessions.insert(id.to_owned(), Session { connection: None, expires: now });
        Ok(connection)
    }

    /// Gives a session's connection back, to be kept for `timeout`.
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
