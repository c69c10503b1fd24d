//! Over real sockets: slow, lying and unfinished requests, health, and the end of the server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use atc_api::{ApiState, Listen, Server};
use atc_testkit::{TestApp, TestDb, listen};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A server that listens.
pub struct Running {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Running {
    /// Ends it.
    pub async fn end(self) {
        self.shutdown.cancel();
        self.server.await.expect("the server ends");
    }
}

pub async fn run(db: &TestDb, max_connections: usize) -> Running {
    let app = TestApp::new(db).app;
    let state = ApiState {
        app,
        config: Arc::new(atc_api::Config {
            cors_allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body_bytes: 10_000,
            max_batch_body_bytes: 10_000,
            max_header_bytes: 8_000,
            body_timeout: Duration::from_millis(300),
            upload_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            max_sockets_per_user: 10,
            mcp_allowed_hosts: None,
            mcp_public_url: None,
            mcp_tool_timeout: Duration::from_secs(30),
            hsts: false,
        }),
        metrics: None,
    };
    let hurried = Duration::from_millis(300);
    let listen =
        Listen { max_connections, header_timeout: hurried, answer_timeout: hurried, ..listen() };
    let server = Server::bind(listen).await.expect("a free port");
    let address = server.local_addr();
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    let router = atc_api::router(state);
    #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
    let server = tokio::spawn(async move { server.run(router, &TaskTracker::new(), token).await });
    Running { address, shutdown, server }
}

/// Sends bytes and reads until the server closes the connection.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The server may answer, and go away, before it has everything.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_lying_requests_are_ended() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 100).await;
    let at = running.address;
    assert_eq!(exchange(at, b"").await, "", "a connection without a word is closed");
    let answer = exchange(at, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Half: ").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let short = format!("{head}Content-Length: 500\r\n\r\n{{\"email\":");
    let answer = exchange(at, short.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request-timeout"), "{answer}");
    let long =
        format!("{head}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}GET / HTTP/1.1\r\n\r\n");
    let answer = exchange(at, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    let both = format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}");
    assert!(exchange(at, both.as_bytes()).await.starts_with("HTTP/1.1 400"));
    let huge =
        format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    let answer = exchange(at, huge.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(exchange(at, b"\x16\x03\x01 not http\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    running.end().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_there_is_room_for_wait() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 1).await;
    let idle = TcpStream::connect(running.address).await.expect("a connection");
    // The idle one is closed by its header time-out; then the next one is served.
    let request = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(running.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(idle);
    running.end().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_hold_up_the_end() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 10).await;
    let mut stream = TcpStream::connect(running.address).await.expect("a connection");
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).await.expect("an answer");
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    for part in ["database", "queue", "storage", "cache", "ai"] {
        assert!(text.contains(&format!("\"{part}\"")), "{part} in {text}");
    }
    running.shutdown.cancel();
    running.server.await.expect("the server ends");
    TcpStream::connect(running.address).await.expect_err("nobody listens any more");
    db.close().await;
}

#[tokio::test]
async fn a_request_whose_client_leaves_is_counted_as_one() {
    let db = TestDb::sqlite().await;
    let app = TestApp::new(&db);
    let admin = app.login_as(atc_core::user::Role::Admin, "admin@example.com").await;
    // It is begun, waits for the database, and is dropped.
    let call = app.get("/webhook-endpoints").bearer(&admin).into_future();
    let unanswered = tokio::time::timeout(Duration::ZERO, call).await;
    assert!(unanswered.is_err());
    let counted = app.get("/metrics").bearer(&admin).await.expect(200);
    let counted = String::from_utf8_lossy(&counted.bytes).into_owned();
    let gone =
        "http_requests_total{method=\"GET\",route=\"/api/v1/webhook-endpoints\",status=\"gone\"} ";
    assert!(counted.contains(gone), "{counted}");
}
