//! Whether the body of a request was read before it was answered. If it was not, it would stand in the way of the next
//! request of its connection, so the answer says that the connection ends with it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// What is left of a request's body.
pub(super) struct Unread {
    left: Arc<AtomicBool>,
    has_body: bool,
    version: Version,
}

/// A body that tells when it was read to its end.
struct Watched {
    body: Body,
    left: Arc<AtomicBool>,
}

impl Unread {
    /// Watches the body of a request.
    pub(super) fn of(request: Request) -> (Request, Self) {
        let has_body = !request.body().is_end_stream();
        let left = Arc::new(AtomicBool::new(has_body));
        let unread = Self { left: left.clone(), has_body, version: request.version() };
        (request.map(|body| Body::new(Watched { body, left })), unread)
    }

    /// Says in the answer that the connection ends, if anything is left. HTTP/2 ends the request alone.
    pub(super) fn tell(&self, answer: &mut Response) {
        // Whether a body was read first would tell strangers who was right before.
        let is_secret = answer.status() == StatusCode::TOO_MANY_REQUESTS;
        let is_left = self.left.load(Ordering::Relaxed) || self.has_body && is_secret;
        if self.version <= Version::HTTP_11 && is_left {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.left.store(false, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
