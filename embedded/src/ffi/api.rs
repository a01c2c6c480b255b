//! The functions of the library, with the types that chdb.h declares.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    path::Path,
};

use libloading::Library;

pub(super) type RawConnection = *mut c_void;
pub(super) type RawResult = *mut c_void;
pub(super) type RawInsert = *mut c_void;
/// The shape in which a statement starts, with its parameters.
pub(super) type RunQuery = unsafe extern "C" fn(
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
pub(super) struct RawAnalysis {
    pub(super) struct_size: u32,
    pub(super) statement_count: u32,
    pub(super) flags: u32,
    pub(super) query_class: u32,
}

/// The entry points, resolved once.
pub struct Api {
    pub(super) classify:
        unsafe extern "C" fn(RawConnection, *const c_char, usize, *const c_char, usize, *mut RawAnalysis) -> c_int,
    pub(super) connect: unsafe extern "C" fn(c_int, *const *const c_char) -> *mut RawConnection,
    pub(super) close: unsafe extern "C" fn(*mut RawConnection),
    pub(super) query: RunQuery,
    pub(super) stream_query: RunQuery,
    pub(super) stream_fetch: unsafe extern "C" fn(RawConnection, RawResult) -> RawResult,
    pub(super) stream_cancel: unsafe extern "C" fn(RawConnection, RawResult),
    pub(super) insert: RunQuery,
    pub(super) insert_append: unsafe extern "C" fn(RawInsert, *const c_void, usize) -> c_int,
    pub(super) insert_done: unsafe extern "C" fn(RawInsert) -> RawResult,
    pub(super) insert_error: unsafe extern "C" fn(RawInsert) -> *const c_char,
    pub(super) insert_cancel: unsafe extern "C" fn(RawInsert),
    pub(super) insert_destroy: unsafe extern "C" fn(RawInsert),
    pub(super) result_buffer: unsafe extern "C" fn(RawResult) -> *const u8,
    pub(super) result_length: unsafe extern "C" fn(RawResult) -> usize,
    pub(super) result_error: unsafe extern "C" fn(RawResult) -> *const c_char,
    pub(super) result_rows_read: unsafe extern "C" fn(RawResult) -> u64,
    pub(super) result_rows_written: unsafe extern "C" fn(RawResult) -> u64,
    pub(super) result_bytes_written: unsafe extern "C" fn(RawResult) -> u64,
    pub(super) result_storage_rows_read: unsafe extern "C" fn(RawResult) -> u64,
    pub(super) result_storage_bytes_read: unsafe extern "C" fn(RawResult) -> u64,
    pub(super) result_destroy: unsafe extern "C" fn(RawResult),
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
}

/// A text of the engine; none if there is none, or an empty one.
///
/// # Safety
/// `text` is null or a C string that lives through the call.
pub(super) unsafe fn owned_text(text: *const c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()).filter(|t| !t.is_empty())
}
