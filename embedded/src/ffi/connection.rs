//! A connection to the engine, and the statements that run to their end on it.

use std::{
    ffi::{CString, c_char, c_void},
    ptr::NonNull,
};

use super::{
    api::{Api, RawAnalysis, RawConnection, RunQuery},
    chunk::Chunk,
};

/// `CHDB_QUERY_READ_ONLY`.
const CLASS_READ_ONLY: u32 = 0;
/// `CHDB_QUERY_UNKNOWN`.
const CLASS_UNKNOWN: u32 = 4;

/// One connection; one statement at a time, which `&mut self` enforces.
pub struct Connection {
    pub(super) api: &'static Api,
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
    /// Opens a connection to the data folder. The first one starts the engine, by its
    /// configuration.
    ///
    /// # Errors
    /// If the engine refuses; it logs the reason itself.
    pub fn open(api: &'static Api, data: &str, configuration: &str) -> Result<Self, String> {
        let arguments = [
            c"clickhouse".to_owned(),
            c_string(&format!("--path={data}"))?,
            c_string(&format!("--config-file={configuration}"))?,
        ];
        let argv: Vec<*const c_char> = arguments.iter().map(|a| a.as_ptr()).collect();
        // SAFETY: argv holds three valid C strings for the length of the call.
        let handle = unsafe { (api.connect)(3, argv.as_ptr()) };
        let refused = || format!("the engine cannot open {data}: is another process using it?");
        let handle = NonNull::new(handle).ok_or_else(refused)?;
        let connection = Self { api, handle };
        if connection.raw().is_null() { Err(refused()) } else { Ok(connection) }
    }

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
        Chunk::checked(self.api, raw)
    }

    /// Starts a statement; `call` is the way in which its result or its data goes.
    pub(super) fn run(
        &mut self,
        call: RunQuery,
        sql: &str,
        format: &str,
        parameters: &Parameters,
    ) -> Result<*mut c_void, String> {
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

    pub(super) fn raw(&self) -> RawConnection {
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

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| "a path must not hold a zero byte".to_owned())
}
