//! A `multipart/form-data` body: its fields are parameters like those of the URL. The
//! `clickhouse` crate sends its bound values so, since an address has a limit.

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures_util::TryStreamExt;
use multer::{Constraints, Multipart, SizeLimit};

use super::{QUERY_BYTES_MAX, request::Parameters};
use crate::refusal::Refusal;

/// All fields together.
const FORM_BYTES_MAX: u64 = 4 << 20;

/// The boundary, if the body is a form.
pub fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

/// Reads the fields into `parameters`.
pub async fn read(body: Body, boundary: String, parameters: &mut Parameters) -> Result<(), Refusal> {
    let limits = SizeLimit::new().whole_stream(FORM_BYTES_MAX).per_field(QUERY_BYTES_MAX as u64);
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let mut form = Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(limits));
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() {
            let message = format!("external table '{name}': the embedded engine takes none. (NOT_IMPLEMENTED)");
            return Err(Refusal { code: 48, message });
        }
        let value = field.text().await.map_err(broken)?;
        parameters.assign(&name, value)?;
    }
    Ok(())
}

fn broken(error: multer::Error) -> Refusal {
    Refusal { code: 36, message: format!("Cannot read the form: {error}. (BAD_ARGUMENTS)") }
}
