//! How many requests one address may send: checked before anything else of a request costs work.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::clock::MonotonicClock;

use super::Shared;
use crate::{
    limits::rate::{AddressLimiter, Addresses, Denied, Rate},
    outcome::RequestError,
};

/// What passes at once after a pause, in seconds' worth.
const BURST_S: u32 = 10;

/// The rate of `FOOTFALL_ADDRESS_REQUESTS_PER_S_MAX`; none for 0.
pub(crate) fn limiter(per_s: u32) -> Option<AddressLimiter> {
    let per_s = NonZeroU32::new(per_s)?;
    let rate = Rate { per_s, burst: per_s.saturating_mul(NonZeroU32::new(BURST_S)?) };
    Some(AddressLimiter::new(rate, &Addresses::default(), MonotonicClock))
}

/// Refuses a request of an address that sends too many.
pub(super) async fn limit(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let Some(limiter) = &shared.requests else { return next.run(request).await };
    let ip = shared.senders.ip(peer.ip(), request.headers());
    let wait = match limiter.take(ip, 1) {
        Ok(()) => return next.run(request).await,
        Err(Denied::For(wait)) => wait,
        Err(Denied::Always) => Duration::MAX,
    };
    let error =
        RequestError::TooManyRequests { per_s: limiter.rate().per_s.get(), wait_s: wait.as_secs().saturating_add(1) };
    shared.metrics.refused(error.reason());
    error.into_response()
}
