//! What Google's clients send, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

#[tokio::test(flavor = "multi_thread")]
async fn what_googles_clients_send_is_stored_as_they_mean_it() {
    common::wire::check("ga4").await;
}
