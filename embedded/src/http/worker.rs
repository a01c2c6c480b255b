//! Running one statement on a thread of its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    formats::{self, Header},
    kill,
    request::Parameters,
};
use crate::{
    engine::Engine,
    ffi::{Connection, Insert, Stream, Volume},
    reading::{self, Access, settings::WHOLE_RESULT_BYTES_MAX},
    refusal::Refusal,
    sql::Statement,
};

/// A client that takes nothing of its result for so long is given up.
const STALL_TIME_MAX: Duration = Duration::from_secs(120);

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
    Broken(Refusal),
}

/// A result on its way to the client.
pub enum Output {
    /// The complete result.
    Whole(Bytes, Summary),
    /// A part of it; more follow until the channel closes.
    Part(Bytes),
    /// Why it failed.
    Exception(Refusal),
}

/// The counts of `X-ClickHouse-Summary`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub read: Volume,
    pub written: Volume,
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
) -> Result<Option<Output>, Refusal> {
    let engine = Arc::clone(&job.engine);
    if job.access.only_reads() {
        return read_only(job, data, result);
    }
    let Some((id, timeout)) = job.parameters.session() else {
        let mut connection = engine.connect()?;
        set_up(&mut connection, &job.parameters)?;
        return execute(&mut connection, job, data, result);
    };
    let mut connection = engine.take_session(&id)?;
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
) -> Result<Option<Output>, Refusal> {
    let limits = job.engine.reading_limits;
    let settings = reading::settings::of_request(&job.parameters.settings, limits)?;
    job.parameters.settings = settings;
    let mut connection = job.engine.connect()?;
    set_up(&mut connection, &job.parameters)?;
    match &mut job.statement {
        Statement::Kill { sql, condition, of_reader, .. } => {
            *condition = of_reader.take().ok_or_else(reading::not_reading)?;
            *sql = format!("KILL QUERY WHERE {condition}");
        }
        Statement::Query { .. } => {
            reading::restrict(&mut connection, job.access)?;
            reading::check(&mut connection, &job.sql)?;
        }
        Statement::Insert { .. } | Statement::Forbidden(_) => return Err(reading::not_reading()),
    }
    execute(&mut connection, job, data, result)
}

fn set_up(connection: &mut Connection, parameters: &Parameters) -> Result<(), Refusal> {
    if let Some(database) = parameters.database.as_deref().filter(|d| !d.is_empty()) {
        connection.query("USE {database:Identifier}", "Null", &[("database".into(), database.into())])?;
    }
    connection.query(&parameters.set_statement(), "Null", &[])?;
    Ok(())
}

fn execute(
    connection: &mut Connection,
    job: Job,
    data: mpsc::Receiver<Data>,
    result: &mpsc::Sender<Output>,
) -> Result<Option<Output>, Refusal> {
    let Job { engine, statement, sql, format, parameters, .. } = job;
    let bound = &parameters.bound;
    match statement {
        Statement::Forbidden(why) => Err(Refusal { code: 48, message: format!("{why}. (NOT_IMPLEMENTED)") }),
        Statement::Insert { head, format, .. } => insert(connection, &head, &format, bound, data).map(Some),
        Statement::Kill { sql, condition, sync, .. } => {
            let started = Instant::now();
            let killed = Bytes::from_owner(connection.query(&sql, &format, bound)?);
            if sync {
                kill::wait_for_end(&engine, &condition, bound)?;
            }
            Ok(Some(Output::Whole(killed, Summary { elapsed: started.elapsed(), ..Summary::default() })))
        }
        Statement::Query { streams, .. } => match formats::streaming(&format).filter(|_| streams) {
            Some(header) => stream(connection, &sql, &format, header, bound, result).map(|()| None),
            None => buffered(connection, &sql, &format, &parameters).map(Some),
        },
    }
}

fn buffered(connection: &mut Connection, sql: &str, format: &str, parameters: &Parameters) -> Result<Output, Refusal> {
    let started = Instant::now();
    if !parameters.settings.iter().any(|(name, _)| name == "max_result_bytes") {
        connection.query(&format!("SET max_result_bytes = {WHOLE_RESULT_BYTES_MAX}"), "Null", &[])?;
    }
    let chunk = connection.query(sql, format, &parameters.bound)?;
    let summary = Summary {
        read: chunk.read(),
        written: chunk.written(),
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
) -> Result<(), Refusal> {
    let mut stream = Stream::start(connection, sql, format, bound)?;
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
) -> Result<Output, Refusal> {
    let started = Instant::now();
    let mut insert = Insert::start(connection, head, format, bound)?;
    loop {
        match data.blocking_recv() {
            Some(Data::Bytes(bytes)) => insert.append(&bytes)?,
            Some(Data::End) => break,
            Some(Data::Broken(error)) => return Err(error),
            None => {
                let message = "the body ended early. (CANNOT_READ_ALL_DATA)".to_owned();
                return Err(Refusal { code: 33, message });
            }
        }
    }
    let written = insert.finish()?;
    let summary = Summary {
        read: written,
        written,
        result_rows: written.rows,
        result_bytes: written.bytes,
        elapsed: started.elapsed(),
    };
    Ok(Output::Whole(Bytes::new(), summary))
}
