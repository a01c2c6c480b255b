//! One request on a connection: from hyper to the routes and back, so that the connection is
//! known to be busy, and so that no body is left unread behind an answer.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use bytes::Bytes;
use hyper::{
    Request, Version,
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    header::{self, HeaderValue},
};
use tower_service::Service;

use super::activity::{Activity, Answering, Reading};

/// What is read of a body that nobody wants, so that its sender reads the answer.
const DRAIN_BYTES_MAX: u64 = 8 << 20;
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// Lets the routes answer.
pub(super) async fn answer(
    mut router: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answered>, Infallible> {
    let answering = activity.request(request.version() == Version::HTTP_2);
    let (mut parts, incoming) = request.into_parts();
    parts.extensions.insert(ConnectInfo(peer));
    let is_http1 = parts.version <= Version::HTTP_11;
    let is_asked_for = parts.headers.contains_key(header::EXPECT);
    let left = Left::default();
    let body = if incoming.is_end_stream() {
        Body::empty()
    } else {
        let unread = Unread { incoming, is_begun: !is_asked_for, _reading: activity.body() };
        Body::new(Received { unread: Some(unread), left: Arc::clone(&left) })
    };
    let mut response = router.call(Request::from_parts(parts, body)).await?;
    let unread = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    // HTTP/2 ends one stream, not the connection.
    if let Some(unread) = unread
        && is_http1
        && !drain(unread).await
    {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Answered { body, _answering: answering }))
}

/// Reads what is left, within limits; whether the body is at its end now.
async fn drain(mut unread: Unread) -> bool {
    // A client that waits for "100 Continue" sends nothing until the body is asked for.
    if !unread.is_begun || unread.incoming.size_hint().lower() > DRAIN_BYTES_MAX {
        return false;
    }
    let read = async {
        let mut bytes = 0;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut unread.incoming).poll_frame(cx)).await {
            let Ok(frame) = frame else { return false };
            bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
            if bytes > DRAIN_BYTES_MAX {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(DRAIN_TIME_MAX, read).await.unwrap_or(false)
}

/// A body that is not at its end.
struct Unread {
    incoming: Incoming,
    is_begun: bool,
    _reading: Reading,
}

type Left = Arc<Mutex<Option<Unread>>>;

/// A request's body; what is not read of it when it is dropped is left behind.
struct Received {
    unread: Option<Unread>,
    left: Left,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(unread) = &mut self.unread else { return Poll::Ready(None) };
        unread.is_begun = true;
        let frame = ready!(Pin::new(&mut unread.incoming).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || unread.incoming.is_end_stream() {
            self.unread = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.unread.as_ref().is_none_or(|unread| unread.incoming.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.unread.as_ref().map_or(SizeHint::with_exact(0), |unread| unread.incoming.size_hint())
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = self.unread.take();
    }
}

/// An answer's body; the request is over with it.
pub(super) struct Answered {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
