//! An insert whose data is appended in chunks.

use super::{
    api::{RawInsert, owned_text},
    chunk::{Chunk, Volume},
    connection::{Connection, Parameters},
};

/// A running insert; given up when dropped before [`Insert::finish`].
pub struct Insert<'c> {
    connection: &'c mut Connection,
    raw: RawInsert,
    ended: bool,
}

impl<'c> Insert<'c> {
    /// Starts an insert whose data is appended in chunks.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn start(
        connection: &'c mut Connection,
        sql: &str,
        format: &str,
        parameters: &Parameters,
    ) -> Result<Self, String> {
        let raw = connection.run(connection.api.insert, sql, format, parameters)?;
        let insert = Self { connection, raw, ended: false };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }

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

    /// Commits, and returns what was written.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn finish(mut self) -> Result<Volume, String> {
        self.ended = true;
        // SAFETY: the handle is live; done does not free it, drop does.
        let raw = unsafe { (self.connection.api.insert_done)(self.raw) };
        if raw.is_null() {
            return Err(self.error().unwrap_or_else(|| "the engine gave no result".into()));
        }
        Chunk::checked(self.connection.api, raw).map(|chunk| chunk.written())
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
