//! The signals to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Takes SIGINT and SIGTERM from now on; the future ends with the first of them.
///
/// # Errors
/// If they cannot be taken.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
