//! Running one statement on a thread of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    formats::{self, Header},
    request::Parameters,
};
use crate::{
    engine::Engine,
    ffi::Connection,
    reading::{self, Access, settings::WHOLE_RESULT_BYTES_MAX},
    sql::{QUERY_ID_IN_ENGINE, Statement},
};

/// A client that takes nothing of its result for so long is given up.
const STALL_TIME_MAX: Duration = Duration::from_secs(120);
/// `KILL QUERY … SYNC` waits at most so long.
const KILL_WAIT_MAX: Duration = Duration::from_secs(30);

/// What a worker needs.
pub struct Job {
    pub engine: Arc<Engine>,
    pub access: Access,
    pub statement: Statement,
    pub sql: String,
    pub format: String,
    pub parameters: Parameters,
}

/// An insert's data on its way to the engine. Without `End` nothing is committed.
pub enum Data {
    Bytes(Bytes),
    End,
    Broken(String),
}

/// A result on its way to the client.
pub enum Output {
    /// The complete result.
    Whole(Bytes, Summary),
    /// A part of it; more follow until the channel closes.
    Part(Bytes),
    /// ClickHouse's exception text.
    Exception(String),
}

/// The counts of `X-ClickHouse-Summary`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub read_rows: u64,
    pub read_bytes: u64,
    pub written_rows: u64,
    pub written_bytes: u64,
    pub result_rows: u64,
    pub result_bytes: u64,
    pub elapsed: Duration,
}

/// Connect → set up → run → clean up → answer.
///
/// The last output goes out after everything is given back, `held` too: a client may use
/// its session or its query id again as soon as it has the answer.
pub fn run<T>(job: Job, data: mpsc::Receiver<Data>, result: &mpsc::Sender<Output>, held: T) {
    let last = match run_on_connection(job, data, result) {
        Ok(last) => last,
        Err(error) => Some(Output::Exception(error)),
    };
    drop(held);
    if let Some(output) = last {
        // A closed channel means that the client is gone; nobody is left to tell.
        let _ = result.blocking_send(output);
    }
}

fn run_on_connection(
    job: Job,
    data: mpsc::Receiver<Data>,
    result: &mpsc::Sender<Output>,
) -> Result<Option<Output>, String> {
    let engine = Arc::clone(&job.engine);
    if job.access.only_reads() {
        return read_only(job, data, result);
    }
    let Some((id, timeout)) = job.parameters.session() else {
        let mut connection = engine.connect()?;
        set_up(&mut connection, &job.parameters)?;
        return execute(&mut connection, job, data, result);
    };
    let mut connection = engine.take_session(&id).map_err(|refusal| refusal.text())?;
    let unset = job.parameters.unset_statement();
    let last = set_up(&mut connection, &job.parameters).and_then(|()| execute(&mut connection, job, data, result));
    if let Some(unset) = unset {
        let _ = connection.query(&unset, "Null", &[]);
    }
    engine.return_session(&id, connection, timeout);
    last
}

/// Settings → rights away → is it a statement that reads? → run. Never in a session: what a
/// session keeps, a reader cannot make.
fn read_only(
    mut job: Job,
    data: mpsc::Receiver<Data>,
    result: &mpsc::Sender<Output>,
) -> Result<Option<Output>, String> {
    let limits = job.engine.reading_limits;
    let settings = reading::settings::of_request(&job.parameters.settings, limits).map_err(|refusal| refusal.text())?;
    job.parameters.settings = settings;
    let mut connection = job.engine.connect()?;
    set_up(&mut connection, &job.parameters)?;
    match &mut job.statement {
        Statement::Kill { sql, condition, of_reader, .. } => {
            *condition = of_reader.take().ok_or_else(|| reading::not_reading().text())?;
            *sql = format!("KILL QUERY WHERE {condition}");
        }
        Statement::Query { .. } => {
            reading::restrict(&mut connection, job.access)?;
            reading::check(&mut connection, &job.sql)?;
        }
        Statement::Insert { .. } | Statement::Forbidden(_) => return Err(reading::not_reading().text()),
    }
    execute(&mut connection, job, data, result)
}

fn set_up(connection: &mut Connection, parameters: &Parameters) -> Result<(), String> {
    if let Some(database) = parameters.database.as_deref().filter(|d| !d.is_empty()) {
        connection.query("USE {database:Identifier}", "Null", &[("database".into(), database.into())])?;
    }
    connection.query(&parameters.set_statement(), "Null", &[]).map(drop)
}

fn execute(
    connection: &mut Connection,
    job: Job,
    data: mpsc::Receiver<Data>,
    result: &mpsc::Sender<Output>,
) -> Result<Option<Output>, String> {
    let Job { engine, statement, sql, format, parameters, .. } = job;
    let bound = &parameters.bound;
    match statement {
        Statement::Forbidden(why) => Err(format!("Code: 48. DB::Exception: {why}. (NOT_IMPLEMENTED)")),
        Statement::Insert { head, format, .. } => insert(connection, &head, &format, bound, data).map(Some),
        Statement::Kill { sql, condition, sync, .. } => {
            kill(&engine, connection, &sql, &condition, sync, &format, bound).map(Some)
        }
        Statement::Query { streams, .. } => match formats::streaming(&format).filter(|_| streams) {
            Some(header) => stream(connection, &sql, &format, header, bound, result).map(|()| None),
            None => buffered(connection, &sql, &format, &parameters).map(Some),
        },
    }
}

fn buffered(connection: &mut Connection, sql: &str, format: &str, parameters: &Parameters) -> Result<Output, String> {
    let started = Instant::now();
    if !parameters.settings.iter().any(|(name, _)| name == "max_result_bytes") {
        connection.query(&format!("SET max_result_bytes = {WHOLE_RESULT_BYTES_MAX}"), "Null", &[])?;
    }
    let chunk = connection.query(sql, format, &parameters.bound)?;
    let ((read_rows, read_bytes), (written_rows, written_bytes)) = (chunk.read(), chunk.written());
    let summary = Summary {
        read_rows,
        read_bytes,
        written_rows,
        written_bytes,
        result_rows: chunk.rows(),
        result_bytes: chunk.bytes().len() as u64,
        elapsed: started.elapsed(),
    };
    Ok(Output::Whole(Bytes::from_owner(chunk), summary))
}

fn stream(
    connection: &mut Connection,
    sql: &str,
    format: &str,
    header: Header,
    bound: &[(String, String)],
    result: &mpsc::Sender<Output>,
) -> Result<(), String> {
    let mut stream = connection.stream(sql, format, bound)?;
    let mut first = true;
    while let Some(chunk) = stream.next_chunk()? {
        if !first && chunk.rows() == 0 {
            break;
        }
        let repeated = match first {
            true => 0,
            false => chunk.bytes().len() - formats::without_header(header, chunk.bytes()).len(),
        };
        let bytes = Bytes::from_owner(chunk).slice(repeated..);
        // The client is gone or asleep: dropping the stream cancels the query.
        if !send(result, Output::Part(bytes)) {
            break;
        }
        first = false;
    }
    Ok(())
}

/// Whether the client has taken enough for the output to find room.
fn send(result: &mpsc::Sender<Output>, output: Output) -> bool {
    let sent = result.send_timeout(output, STALL_TIME_MAX);
    tokio::runtime::Handle::current().block_on(sent).is_ok()
}

fn insert(
    connection: &mut Connection,
    head: &str,
    format: &str,
    bound: &[(String, String)],
    mut data: mpsc::Receiver<Data>,
) -> Result<Output, String> {
    let started = Instant::now();
    let mut insert = connection.insert(head, format, bound)?;
    loop {
        match data.blocking_recv() {
            Some(Data::Bytes(bytes)) => insert.append(&bytes)?,
            Some(Data::End) => break,
            Some(Data::Broken(error)) => return Err(error),
            None => return Err("Code: 33. DB::Exception: the body ended early. (CANNOT_READ_ALL_DATA)".into()),
        }
    }
    let (written_rows, written_bytes) = insert.finish()?;
    let summary = Summary {
        read_rows: written_rows,
        read_bytes: written_bytes,
        written_rows,
        written_bytes,
        result_rows: written_rows,
        result_bytes: written_bytes,
        elapsed: started.elapsed(),
    };
    Ok(Output::Whole(Bytes::new(), summary))
}

fn kill(
    engine: &Engine,
    connection: &mut Connection,
    sql: &str,
    condition: &str,
    sync: bool,
    format: &str,
    bound: &[(String, String)],
) -> Result<Output, String> {
    let started = Instant::now();
    let killed = connection.query(sql, format, bound)?;
    let bytes = Bytes::from_owner(killed);
    let still = format!(
        "SELECT count() FROM system.processes WHERE ({condition}) AND query NOT LIKE 'SELECT count() FROM system.processes%'"
    );
    // The engine's own SYNC ends the process in this version, so the wait is here.
    while sync && started.elapsed() < KILL_WAIT_MAX {
        if engine.connect()?.query(&still, "TSV", bound)?.bytes() == b"0\n" {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Output::Whole(bytes, Summary { elapsed: started.elapsed(), ..Summary::default() }))
}

/// Kills the query when its client goes away before the end.
pub struct KillOnDrop {
    engine: Option<Arc<Engine>>,
    query_id: String,
}

impl KillOnDrop {
    pub fn new(engine: Arc<Engine>, query_id: String) -> Self {
        Self { engine: Some(engine), query_id }
    }

    /// The query has ended by itself.
    pub fn disarm(&mut self) {
        self.engine = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let (Some(engine), Ok(runtime)) = (self.engine.take(), tokio::runtime::Handle::try_current()) else { return };
        let query_id = std::mem::take(&mut self.query_id);
        runtime.spawn_blocking(move || {
            if !engine.is_running(&query_id) {
                return;
            }
            let sql = format!("KILL QUERY WHERE {QUERY_ID_IN_ENGINE} = {{query_id:String}}");
            let killed =
                engine.connect().and_then(|mut c| c.query(&sql, "Null", &[("query_id".into(), query_id)]).map(drop));
            if let Err(error) = killed {
                tracing::warn!(%error, "a query whose client is gone could not be killed");
            }
        });
    }
}
