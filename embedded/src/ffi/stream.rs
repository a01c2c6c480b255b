//! A statement whose result is fetched in chunks.

use super::{
    chunk::Chunk,
    connection::{Connection, Parameters},
};

/// A running statement; cancelled when dropped before its end.
pub struct Stream<'c> {
    connection: &'c mut Connection,
    start: Chunk,
    ended: bool,
}

impl<'c> Stream<'c> {
    /// Starts a statement whose result is fetched in chunks.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn start(
        connection: &'c mut Connection,
        sql: &str,
        format: &str,
        parameters: &Parameters,
    ) -> Result<Self, String> {
        let raw = connection.run(connection.api.stream_query, sql, format, parameters)?;
        let start = Chunk::checked(connection.api, raw)?;
        Ok(Self { connection, start, ended: false })
    }

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
        let chunk = Chunk::checked(self.connection.api, raw).inspect_err(|_| self.ended = true)?;
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
