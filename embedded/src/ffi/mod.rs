//! The C boundary: the functions of `libchdb` that are used (`api`), and owners for what they return.
//!
//! This is the only module with `unsafe`. Each wrapper states why its call is sound;
//! common to all: the library stays loaded for the life of the process (it starts
//! threads that never end), strings go as pointer and length, and every handle is owned
//! by exactly one Rust value that frees it once.

#![allow(unsafe_code)]

mod api;
mod chunk;
mod connection;
mod insert;
mod stream;

pub use api::Api;
pub use chunk::{Chunk, Volume};
pub use connection::{Analysis, Connection, Parameters};
pub use insert::Insert;
pub use stream::Stream;
