//! How slowly an answer may be taken.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// How much of an answer the system may hold that has not been sent yet. Without a bound it is megabytes, and
/// a client that takes them steadily would look for minutes as if it took nothing.
const UNSENT_BYTES: u32 = 64 * 1024;

/// A connection whose client must go on taking its answer: one that takes nothing for `patience` is cut off,
/// because what is held for it is missing elsewhere.
pub(super) struct Hurried {
    stream: TcpStream,
    patience: Duration,
    /// Until when something must be taken, while it is waited for.
    end: Option<Pin<Box<Sleep>>>,
    /// Whether the connection has become a socket, which keeps its own time.
    is_socket: Arc<AtomicBool>,
}

impl Hurried {
    /// The connection, and what to set when it has become a socket.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> (Self, Arc<AtomicBool>) {
        // Without it a slow client is found out later.
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
        let is_socket = Arc::new(AtomicBool::new(false));
        (Self { stream, patience, end: None, is_socket: Arc::clone(&is_socket) }, is_socket)
    }

    /// What a write came to; an error when it has waited too long.
    fn timed<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.end = None;
            return written;
        }
        if self.is_socket.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let patience = self.patience;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(end.as_mut().poll(cx));
        // What is on its way would keep the system busy with a client that does not listen.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer is taken too slowly")))
    }
}

impl AsyncRead for Hurried {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Hurried {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.timed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
