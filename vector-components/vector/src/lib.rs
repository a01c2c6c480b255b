//! Footfall's event logic as Vector transforms: the only code that links Vector.
//!
//! * [`validate`]: `footfall_validate`, a client's event → the format of the topic `analytics`.
//! * [`enrich`]: `footfall_enrich`, a message from that topic → a row of `analytics.events`.
//!
//! Both parse the message's bytes directly into typed structures with the same code as the gateway, and
//! have an output `dropped` for rejected events, with the reason and the original bytes
//! ([`dropped`]). Vector finds them through `inventory` if this crate is linked, which [`register`] ensures.

pub mod cause;
pub mod dropped;
pub mod enrich;
mod geoip;
pub mod internal_events;
pub mod privacy;
pub mod validate;

/// Makes the linker keep this crate, and with it the transforms' entries in Vector's list of
/// components. Call it once in `main` of a custom Vector build.
pub fn register() {
    std::hint::black_box((enrich::config::NAME, validate::config::NAME));
}
