//! A server whose every byte the test decides.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};

/// What it does with a connection once the request is there.
#[derive(Clone)]
pub enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends the same bytes for ever, as fast as they are taken.
    Endless(Vec<u8>),
    /// Sends these bytes one by one.
    Drip(Vec<u8>, Duration),
    /// Says nothing more until the other side goes.
    Hang,
    /// Breaks the connection without a farewell.
    Reset,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request line and the headers, in lower case but for the values.
    pub head: String,
    pub body: Value,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// The server. It ends with its test.
pub struct Server {
    pub address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Request>,
    /// Connections that are open, the most there were, and those that the client ended while they hung.
    pub counts: Arc<Counts>,
}

#[derive(Default)]
pub struct Counts {
    open: AtomicUsize,
    most: AtomicUsize,
    gone: AtomicUsize,
    changed: Notify,
}

impl Counts {
    /// The most connections at the same time.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Waits until so many connections were ended by the client while they hung.
    pub async fn gone(&self, wanted: usize) {
        self.until(|counts| counts.gone.load(Ordering::SeqCst) >= wanted).await;
    }

    /// Waits until the condition holds.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    fn begin(&self) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(open, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    fn end(&self, gone: bool) {
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.gone.fetch_add(gone.into(), Ordering::SeqCst);
        self.changed.notify_waiters();
    }
}

impl Server {
    /// Does with each request, the first of which has the number 0, what `play` says.
    pub async fn start(play: impl Fn(usize, &Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, requests) = mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let play = Arc::new(play);
        #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
        tokio::spawn(async move {
            for number in 0.. {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (play, sent, counts) = (Arc::clone(&play), sent.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    counts.begin();
                    let mut gone = false;
                    if let Some(request) = read(&mut socket).await {
                        let acts = play(number, &request);
                        let _ = sent.send(request);
                        gone = perform(socket, acts).await;
                    }
                    counts.end(gone);
                });
            }
        });
        Self { address, requests, counts }
    }

    /// The next request.
    pub async fn request(&mut self) -> Request {
        self.requests.recv().await.unwrap()
    }

    /// The requests that have come and were not looked at.
    pub fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

/// Whether the other side went while it hung.
async fn perform(mut socket: TcpStream, acts: Vec<Act>) -> bool {
    for act in acts {
        match act {
            Act::Send(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return true;
                }
            }
            Act::Endless(bytes) => {
                while socket.write_all(&bytes).await.is_ok() {}
                return true;
            }
            Act::Drip(bytes, every) => {
                for byte in bytes {
                    if socket.write_all(&[byte]).await.is_err() {
                        return true;
                    }
                    tokio::time::sleep(every).await;
                }
            }
            Act::Hang => {
                let mut rest = Vec::new();
                let _ = socket.read_to_end(&mut rest).await;
                return true;
            }
            Act::Reset => {
                socket.set_zero_linger().unwrap();
                return false;
            }
        }
    }
    let _ = socket.shutdown().await;
    false
}

async fn read(socket: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut request = Request { head, body: Value::Null };
    let length: usize = request.header("content-length").unwrap().parse().unwrap();
    while bytes.len() < end + 4 + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    request.body = serde_json::from_slice(&bytes[end + 4..]).unwrap();
    Some(request)
}

/// An answer with this status, these headers and this body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<Act> {
    let length = ("content-length", &*body.len().to_string());
    let head = head(status, &[headers, &[length]].concat());
    vec![Act::Send([head.as_bytes(), body.as_bytes()].concat())]
}

/// The head of an answer, whose connection ends with it.
pub fn head(status: u16, headers: &[(&str, &str)]) -> String {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    format!("HTTP/1.1 {status} Said\r\nconnection: close\r\n{lines}\r\n")
}

/// An answer in JSON.
pub fn json(status: u16, body: &Value) -> Vec<Act> {
    answer(status, &[("content-type", "application/json")], &body.to_string())
}
