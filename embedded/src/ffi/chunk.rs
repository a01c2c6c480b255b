//! A result, or a part of one.

use super::api::{Api, RawResult, owned_text};

/// How much was read or written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Bytes of a result in the asked format, with the engine's counts.
pub struct Chunk {
    api: &'static Api,
    pub(super) raw: RawResult,
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

    /// What was read from storage.
    #[must_use]
    pub fn read(&self) -> Volume {
        // SAFETY: as in `rows`.
        unsafe {
            Volume {
                rows: (self.api.result_storage_rows_read)(self.raw),
                bytes: (self.api.result_storage_bytes_read)(self.raw),
            }
        }
    }

    /// What was written.
    #[must_use]
    pub fn written(&self) -> Volume {
        // SAFETY: as in `rows`.
        unsafe {
            Volume { rows: (self.api.result_rows_written)(self.raw), bytes: (self.api.result_bytes_written)(self.raw) }
        }
    }

    /// A result of the engine, or the error that it is.
    pub(super) fn checked(api: &'static Api, raw: RawResult) -> Result<Self, String> {
        let chunk = Self { api, raw };
        // SAFETY: the text is owned by the live result and copied before it ends.
        match unsafe { owned_text((chunk.api.result_error)(chunk.raw)) } {
            Some(error) => Err(error),
            None => Ok(chunk),
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
