//! The C boundary: the functions of `libchdb` that are used, and nothing else.
//!
//! This is the only module with `unsafe`. Each wrapper states why its call is sound;
//! common to all: the library stays loaded for the life of the process (it starts
//! threads that never end), strings go as pointer and length, and every handle is owned
//! by exactly one Rust value that frees it once.

#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr::NonNull,
};

use libloading::Library;

type RawConnection = *mut c_void;
type RawResult = *mut c_void;
type RawInsert = *mut c_void;
type RunQuery = unsafe extern "C" fn(
    RawConnection,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> RawResult;

/// `chdb_query_analysis_v1`: the caller sets the size, the engine fills in the rest.
#[repr(C)]
struct RawAnalysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// `CHDB_QUERY_READ_ONLY`.
const CLASS_READ_ONLY: u32 = 0;
/// `CHDB_QUERY_UNKNOWN`.
const CLASS_UNKNOWN: u32 = 4;

/// The entry points, resolved once.
pub struct Api {
    classify:
        unsafe extern "C" fn(RawConnection, *const c_char, usize, *const c_char, usize, *mut RawAnalysis) -> c_int,
    connect: unsafe extern "C" fn(c_int, *const *const c_char) -> *mut RawConnection,
    close: unsafe extern "C" fn(*mut RawConnection),
    query: RunQuery,
    stream_query: RunQuery,
    stream_fetch: unsafe extern "C" fn(RawConnection, RawResult) -> RawResult,
    stream_cancel: unsafe extern "C" fn(RawConnection, RawResult),
    insert: RunQuery,
    insert_append: unsafe extern "C" fn(RawInsert, *const c_void, usize) -> c_int,
    insert_done: unsafe extern "C" fn(RawInsert) -> RawResult,
    insert_error: unsafe extern "C" fn(RawInsert) -> *const c_char,
    insert_cancel: unsafe extern "C" fn(RawInsert),
    insert_destroy: unsafe extern "C" fn(RawInsert),
    result_buffer: unsafe extern "C" fn(RawResult) -> *const u8,
    result_length: unsafe extern "C" fn(RawResult) -> usize,
    result_error: unsafe extern "C" fn(RawResult) -> *const c_char,
    result_rows_read: unsafe extern "C" fn(RawResult) -> u64,
    result_rows_written: unsafe extern "C" fn(RawResult) -> u64,
    result_bytes_written: unsafe extern "C" fn(RawResult) -> u64,
    result_storage_rows_read: unsafe extern "C" fn(RawResult) -> u64,
    result_storage_bytes_read: unsafe extern "C" fn(RawResult) -> u64,
    result_destroy: unsafe extern "C" fn(RawResult),
}

macro_rules! resolve {
    ($library:ident, $name:literal) => {
        // SAFETY: the declared type is that of chdb.h for this name.
        *unsafe { $library.get(concat!($name, "\0").as_bytes()) }
            .map_err(|e| format!("the engine's library lacks {}: {e}", $name))?
    };
}

impl Api {
    /// Loads the library; it stays loaded until the process ends.
    ///
    /// # Errors
    /// If the file is no library for this machine or lacks a function.
    pub fn load(path: &Path) -> Result<&'static Self, String> {
        // SAFETY: the library's initialisers are ClickHouse's own and need no set-up.
        let library = unsafe { Library::new(path) }.map_err(|e| format!("cannot load {}: {e}", path.display()))?;
        let library: &'static Library = Box::leak(Box::new(library));
        let set_signals: unsafe extern "C" fn(c_int) = resolve!(library, "chdb_set_signal_handlers_enabled");
        // SAFETY: allowed at any time; keeps SIGINT and SIGTERM for the host process.
        unsafe { set_signals(0) };
        Ok(Box::leak(Box::new(Self {
            classify: resolve!(library, "chdb_classify_query_n"),
            connect: resolve!(library, "chdb_connect"),
            close: resolve!(library, "chdb_close_conn"),
            query: resolve!(library, "chdb_query_with_params_n"),
            stream_query: resolve!(library, "chdb_stream_query_with_params_n"),
            stream_fetch: resolve!(library, "chdb_stream_fetch_result"),
            stream_cancel: resolve!(library, "chdb_stream_cancel_query"),
            insert: resolve!(library, "chdb_stream_insert_with_params_n"),
            insert_append: resolve!(library, "chdb_stream_append"),
            insert_done: resolve!(library, "chdb_stream_done"),
            insert_error: resolve!(library, "chdb_stream_insert_error"),
            insert_cancel: resolve!(library, "chdb_stream_cancel_insert"),
            insert_destroy: resolve!(library, "chdb_destroy_insert_stream"),
            result_buffer: resolve!(library, "chdb_result_buffer"),
            result_length: resolve!(library, "chdb_result_length"),
            result_error: resolve!(library, "chdb_result_error"),
            result_rows_read: resolve!(library, "chdb_result_rows_read"),
            result_rows_written: resolve!(library, "chdb_result_rows_written"),
            result_bytes_written: resolve!(library, "chdb_result_bytes_written"),
            result_storage_rows_read: resolve!(library, "chdb_result_storage_rows_read"),
            result_storage_bytes_read: resolve!(library, "chdb_result_storage_bytes_read"),
            result_destroy: resolve!(library, "chdb_destroy_query_result"),
        })))
    }

    /// Opens a connection to the data folder. The first one starts the engine, by its
    /// configuration.
    ///
    /// # Errors
    /// If the engine refuses; it logs the reason itself.
    pub fn connect(&'static self, data: &str, configuration: &str) -> Result<Connection, String> {
        let arguments = [
            c"clickhouse".to_owned(),
            c_string(&format!("--path={data}"))?,
            c_string(&format!("--config-file={configuration}"))?,
        ];
        let argv: Vec<*const c_char> = arguments.iter().map(|a| a.as_ptr()).collect();
        // SAFETY: argv holds three valid C strings for the length of the call.
        let handle = unsafe { (self.connect)(3, argv.as_ptr()) };
        let refused = || format!("the engine cannot open {data}: is another process using it?");
        let handle = NonNull::new(handle).ok_or_else(refused)?;
        let connection = Connection { api: self, handle };
        if connection.raw().is_null() { Err(refused()) } else { Ok(connection) }
    }
}

/// One connection; one statement at a time, which `&mut self` enforces.
pub struct Connection {
    api: &'static Api,
    handle: NonNull<RawConnection>,
}

// SAFETY: the engine allows a connection to move between threads; it only must not be
// used by two at once, and every use takes `&mut self`.
unsafe impl Send for Connection {}

/// Values bound to `{name:Type}`, in ClickHouse's escaped text form.
pub type Parameters = [(String, String)];

/// What the engine's own parser makes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analysis {
    /// Statements in it; 0 if it cannot be parsed.
    pub statements: u32,
    /// Whether all of them only read: no write, no setting, no `KILL`, no file as the output.
    pub only_reads: bool,
}

impl Connection {
    /// Parses a text without running it.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub fn analyse(&mut self, sql: &str) -> Result<Analysis, String> {
        const ANALYSIS_BYTES: u32 = 16;
        const { assert!(size_of::<RawAnalysis>() == ANALYSIS_BYTES as usize) };
        let mut out =
            RawAnalysis { struct_size: ANALYSIS_BYTES, statement_count: 0, flags: 0, query_class: CLASS_UNKNOWN };
        // SAFETY: the text goes with its length, no target database is named, and `out` is a
        // live struct of the size that it states.
        let state = unsafe {
            (self.api.classify)(self.raw(), sql.as_ptr().cast(), sql.len(), std::ptr::null(), 0, &raw mut out)
        };
        match state {
            0 => Ok(Analysis { statements: out.statement_count, only_reads: out.query_class == CLASS_READ_ONLY }),
            _ => Err("the engine could not analyse the statement".to_owned()),
        }
    }

    /// Runs a statement to its end.
    ///
    /// # Errors
    /// ClickHouse's message, `Code: N. DB::Exception: …`.
    pub fn query(&mut self, sql: &str, format: &str, parameters: &Parameters) -> Result<Chunk, String> {
        let raw = self.run(self.api.query, sql, format, parameters)?;
        Chunk { api: self.api, raw }.checked()
    }

    /// Starts a statement whose result is fetched in chunks.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn stream(&mut self, sql: &str, format: &str, parameters: &Parameters) -> Result<Stream<'_>, String> {
        let raw = self.run(self.api.stream_query, sql, format, parameters)?;
        let start = Chunk { api: self.api, raw }.checked()?;
        Ok(Stream { connection: self, start, ended: false })
    }

    /// Starts an insert whose data is appended in chunks.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn insert(&mut self, sql: &str, format: &str, parameters: &Parameters) -> Result<Insert<'_>, String> {
        let raw = self.run(self.api.insert, sql, format, parameters)?;
        let insert = Insert { connection: self, raw, ended: false };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }

    fn run(&mut self, call: RunQuery, sql: &str, format: &str, parameters: &Parameters) -> Result<*mut c_void, String> {
        let names: Vec<*const c_char> = parameters.iter().map(|(name, _)| name.as_ptr().cast()).collect();
        let name_lengths: Vec<usize> = parameters.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<*const c_char> = parameters.iter().map(|(_, value)| value.as_ptr().cast()).collect();
        let value_lengths: Vec<usize> = parameters.iter().map(|(_, value)| value.len()).collect();
        // SAFETY: every pointer goes with its length and outlives the call, in which the
        // engine copies what it keeps; the four arrays have parameters.len() entries.
        let raw = unsafe {
            call(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                parameters.len(),
            )
        };
        if raw.is_null() {
            Err("Code: 1002. DB::Exception: the engine gave no result. (UNKNOWN_EXCEPTION)".into())
        } else {
            Ok(raw)
        }
    }

    fn raw(&self) -> RawConnection {
        // SAFETY: the handle came from connect and is closed only in drop.
        unsafe { *self.handle.as_ptr() }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: closed once; streams and inserts borrow the connection and are gone.
        unsafe { (self.api.close)(self.handle.as_ptr()) };
    }
}

/// Bytes of a result in the asked format, with the engine's counts.
pub struct Chunk {
    api: &'static Api,
    raw: RawResult,
}

// SAFETY: a result is a buffer of its own, tied to no thread and to no connection.
unsafe impl Send for Chunk {}

impl Chunk {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer holds length bytes until the result is destroyed, which
        // happens in drop, after every borrow of self.
        unsafe {
            let (buffer, length) = ((self.api.result_buffer)(self.raw), (self.api.result_length)(self.raw));
            if buffer.is_null() || length == 0 { &[] } else { std::slice::from_raw_parts(buffer, length) }
        }
    }

    /// Rows in this chunk.
    #[must_use]
    pub fn rows(&self) -> u64 {
        // SAFETY: reads a number of a live result.
        unsafe { (self.api.result_rows_read)(self.raw) }
    }

    /// Rows and bytes read from storage.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        // SAFETY: as in `rows`.
        unsafe { ((self.api.result_storage_rows_read)(self.raw), (self.api.result_storage_bytes_read)(self.raw)) }
    }

    /// Rows and bytes written.
    #[must_use]
    pub fn written(&self) -> (u64, u64) {
        // SAFETY: as in `rows`.
        unsafe { ((self.api.result_rows_written)(self.raw), (self.api.result_bytes_written)(self.raw)) }
    }

    fn checked(self) -> Result<Self, String> {
        // SAFETY: the text is owned by the live result and copied before it ends.
        match unsafe { owned_text((self.api.result_error)(self.raw)) } {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

/// The bytes go to the client from where they are: what a result takes is counted by the engine
/// until it is sent.
impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: destroyed once; no borrow of the buffer outlives self.
        unsafe { (self.api.result_destroy)(self.raw) };
    }
}

/// A running statement; cancelled when dropped before its end.
pub struct Stream<'c> {
    connection: &'c mut Connection,
    start: Chunk,
    ended: bool,
}

impl Stream<'_> {
    /// The next chunk; one without rows is the last and may still hold bytes of the format.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, String> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: connection and stream are live and belong together.
        let raw = unsafe { (self.connection.api.stream_fetch)(self.connection.raw(), self.start.raw) };
        if raw.is_null() {
            self.ended = true;
            return Ok(None);
        }
        let chunk = Chunk { api: self.connection.api, raw }.checked().inspect_err(|_| self.ended = true)?;
        self.ended = chunk.rows() == 0;
        Ok(Some(chunk))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: connection and stream are live; the stream's handle is freed by `start`.
            unsafe { (self.connection.api.stream_cancel)(self.connection.raw(), self.start.raw) };
        }
    }
}

/// A running insert; given up when dropped before [`Insert::finish`].
pub struct Insert<'c> {
    connection: &'c mut Connection,
    raw: RawInsert,
    ended: bool,
}

impl Insert<'_> {
    /// Appends bytes in the insert's format; rows may span calls. Blocks while the
    /// engine is behind.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        // SAFETY: the engine copies the bytes during the call.
        let state = unsafe { (self.connection.api.insert_append)(self.raw, bytes.as_ptr().cast(), bytes.len()) };
        if state == 0 { Ok(()) } else { Err(self.error().unwrap_or_else(|| "the engine refused the data".into())) }
    }

    /// Commits, and returns the rows and bytes written.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn finish(mut self) -> Result<(u64, u64), String> {
        self.ended = true;
        // SAFETY: the handle is live; done does not free it, drop does.
        let raw = unsafe { (self.connection.api.insert_done)(self.raw) };
        if raw.is_null() {
            return Err(self.error().unwrap_or_else(|| "the engine gave no result".into()));
        }
        Chunk { api: self.connection.api, raw }.checked().map(|chunk| chunk.written())
    }

    fn error(&self) -> Option<String> {
        // SAFETY: the text is owned by the live insert and copied before it ends.
        unsafe { owned_text((self.connection.api.insert_error)(self.raw)) }
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is live; an unfinished insert is cancelled, then freed once.
        unsafe {
            if !self.ended {
                (self.connection.api.insert_cancel)(self.raw);
            }
            (self.connection.api.insert_destroy)(self.raw);
        }
    }
}

/// # Safety
/// `text` is null or a C string that lives through the call.
unsafe fn owned_text(text: *const c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()).filter(|t| !t.is_empty())
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| "a path must not hold a zero byte".to_owned())
}
