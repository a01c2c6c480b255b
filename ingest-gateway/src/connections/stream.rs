//! A connection's socket: it notes when its client sends, and closes without losing the answer.
//!
//! A socket that is closed while bytes of its client lie unread is reset, and the reset may
//! overtake the answer. So what still comes is read and thrown away for a while first.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};

use super::activity::Activity;

const LINGER_TIME_MAX: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: u64 = 8 << 20;

/// The socket, with the slot that it takes.
pub(super) struct Stream {
    /// There until dropped.
    open: Option<(TcpStream, OwnedSemaphorePermit)>,
    activity: Arc<Activity>,
    has_peer_ended: bool,
}

impl Stream {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, slot: OwnedSemaphorePermit) -> Self {
        Self { open: Some((stream, slot)), activity, has_peer_ended: false }
    }

    fn tcp(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.open.as_mut().map(|(stream, _)| Pin::new(stream)).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(self.tcp()?.poll_read(cx, buffer));
        if buffer.filled().len() > before {
            self.activity.read();
        } else {
            self.has_peer_ended = true;
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.tcp()?.poll_write(cx, bytes);
        self.activity.blocked(result.is_pending());
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.tcp()?.poll_write_vectored(cx, buffers);
        self.activity.blocked(result.is_pending());
        result
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_shutdown(cx)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let Some((stream, slot)) = self.open.take() else { return };
        // Outside of a runtime, at the end of the process, there is no waiting.
        if !self.has_peer_ended
            && !self.activity.is_cut()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(linger(stream, slot));
        }
    }
}

async fn linger(mut stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let read = async {
        if stream.shutdown().await.is_ok() {
            let mut rest = stream.take(LINGER_BYTES_MAX);
            let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
        }
    };
    let _ = tokio::time::timeout(LINGER_TIME_MAX, read).await;
}
