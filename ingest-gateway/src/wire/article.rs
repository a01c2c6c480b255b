//! The article's `POST /`: what its clients send is the native format at another address.

use axum::{http::Method, response::Response};

use super::{Asked, Batch, Head, ProjectNamed, WireFormat, native::Native};
use crate::outcome::{Answer, RequestError};

/// The article's format.
#[derive(Debug)]
pub struct Article;

impl WireFormat for Article {
    fn name(&self) -> &'static str {
        "article"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/"]
    }

    fn methods(&self) -> &'static [Method] {
        Native.methods()
    }

    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        Native.project(head)
    }

    fn translates(&self) -> bool {
        false
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        Native.decode(head, body, events_max)
    }

    fn answer(&self, asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        Native.answer(asked, result)
    }
}
