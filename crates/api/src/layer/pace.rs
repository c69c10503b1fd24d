//! How slowly the body of a request may come.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::ApiState;

/// What a client must bring in the time that it has: whoever sends a byte now and then to keep a connection
/// is let go, and a line of 52 kbit/s is not.
pub(crate) const LEAST_BYTES: usize = 64 * 1024;

/// Ends bodies that come too slowly, whoever reads them.
pub(crate) async fn pace(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let patience = state.config.body_timeout;
    next.run(request.map(|body| Body::new(Paced::new(body, patience)))).await
}

/// The client brought too little of its body in the time that it had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body comes too slowly")
    }
}

impl Error for TooSlow {}

/// Whether this error, or what caused it, is of the type: the layers between us and the connection wrap what
/// went wrong.
pub(crate) fn is_caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(e) = cause {
        if e.is::<E>() {
            return true;
        }
        cause = e.source();
    }
    false
}

/// A body of which at least [`LEAST_BYTES`], or the rest, must come within `patience` of waiting for it.
/// The time in which nobody asks for more is not the client's.
struct Paced {
    body: Body,
    patience: Duration,
    /// For how long this much was waited for.
    waited: Duration,
    brought: usize,
    /// Since when it is waited for, and until when.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    is_over: bool,
}

impl Paced {
    fn new(body: Body, patience: Duration) -> Self {
        Self { body, patience, waited: Duration::ZERO, brought: 0, waiting: None, is_over: false }
    }

    fn note(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        self.brought += bytes;
        if self.brought >= LEAST_BYTES {
            (self.brought, self.waited) = (0, Duration::ZERO);
        }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            this.note(data.map_or(0, Bytes::len));
            return Poll::Ready(frame);
        }
        let left = this.patience.saturating_sub(this.waited);
        let (_, end) = this.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        ready!(end.as_mut().poll(cx));
        // The rest is of no use to anybody.
        this.is_over = true;
        Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};
    use http_body_util::BodyExt;

    use super::*;

    /// A body whose pieces come one each `every`.
    fn dripping(piece: usize, pieces: usize, every: Duration) -> Body {
        let stream = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(every).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; piece]))
        });
        Body::from_stream(Box::pin(stream))
    }

    async fn read(body: Body, patience: Duration) -> Result<usize, bool> {
        match Paced::new(body, patience).collect().await {
            Ok(body) => Ok(body.to_bytes().len()),
            Err(e) => Err(is_caused_by::<TooSlow>(&e)),
        }
    }

    #[tokio::test]
    async fn who_sends_a_byte_now_and_then_is_let_go() {
        let for_hours = dripping(1, 1_000_000, Duration::from_millis(10));
        assert_eq!(read(for_hours, Duration::from_millis(200)).await, Err(true));
    }

    #[tokio::test]
    async fn a_slow_line_is_good_enough_for_as_long_as_it_takes() {
        let patience = Duration::from_secs(2);
        // Longer than that, and never too little of it.
        let long = dripping(LEAST_BYTES / 2, 300, Duration::from_millis(10));
        assert_eq!(read(long, patience).await, Ok(300 * LEAST_BYTES / 2));
        let short = dripping(1, 5, Duration::from_millis(10));
        assert_eq!(read(short, patience).await, Ok(5), "it ends in time");
    }

    #[tokio::test]
    async fn time_in_which_nobody_asks_is_not_the_clients() {
        let patience = Duration::from_secs(1);
        let mut body = Paced::new(dripping(1, 4, Duration::from_millis(5)), patience);
        while let Some(frame) = body.frame().await {
            assert!(frame.is_ok());
            tokio::time::sleep(patience / 3).await;
        }
    }
}
