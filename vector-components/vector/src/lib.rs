//! Footfall's event logic as transforms of Vector: the only code that links Vector.
//!
//! * [`validate`]: `footfall_validate`, a client's event → the form of the topic `analytics`.
//! * [`enrich`]: `footfall_enrich`, a message of that topic → a row of `analytics.events`.
//!
//! Each takes the message's bytes straight into typed structures by the same code as the gateway, and
//! has an output `dropped` for what it did not take, with the reason and the original bytes
//! ([`dropped`]). Vector finds them by `inventory`, once this crate is linked: [`register`] sees to that.

pub mod cause;
pub mod dropped;
pub mod enrich;
mod geoip;
pub mod internal_events;
pub mod privacy;
pub mod validate;

/// Makes the linker keep this crate, and with it the transforms' entries in Vector's list of
/// components. Called once in `main` of a Vector of one's own.
pub fn register() {
    std::hint::black_box((enrich::config::NAME, validate::config::NAME));
}
