//! Requests of which two readers could think differently where they end: each is refused, and its connection
//! closed, or there is one way to read it.

use std::net::SocketAddr;

use atc_testkit::TestDb;

use crate::serving::{exchange, run};

/// What an attacker wants to be served as a request of somebody else; its id comes back when it is.
const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled\r\n\r\n";
const LOGIN: &str =
    "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

/// What came back: the status of each answer, and whether the hidden request was served.
async fn answers(at: SocketAddr, request: &[u8]) -> (Vec<u16>, bool) {
    let text = exchange(at, request).await;
    let statuses = text.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)?.parse().ok());
    (statuses.collect(), text.contains("smuggled"))
}

/// Headers about the length of the body that have no meaning, or more than one.
const MEANINGLESS: &[&str] = &[
    "Content-Length: 2\r\nContent-Length: 3\r\n",
    "Content-Length: 2, 3\r\n",
    "Content-Length: 2, 2\r\n",
    "Content-Length: +2\r\n",
    "Content-Length: -2\r\n",
    "Content-Length: 0x2\r\n",
    "Content-Length: 2;\r\n",
    "Content-Length: 2 2\r\n",
    "Content-Length: \r\n",
    "Content-Length: two\r\n",
    "Content-Length: 18446744073709551616\r\n",
    "Content-Length : 2\r\n",
    "Content-Length\t: 2\r\n",
    "Content-Length:\r\n 2\r\n",
    " Content-Length: 2\r\n",
    "Content-Length: 2\r\n\tContent-Length: 3\r\n",
    "Content-Length: 2\rX: y\r\n",
    "Content-Length: 2\0\r\n",
    "Content_Length\0: 2\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: chunkedx\r\n",
    "Transfer-Encoding: \x0bchunked\r\n",
    "Transfer-Encoding: chunked;q=1\r\n",
    "Transfer-Encoding: \"chunked\"\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding\t: chunked\r\n",
    "Transfer-Encoding\x0b: chunked\r\n",
    "Transfer-Encoding:\r\n chunked\r\n",
    " Transfer-Encoding: chunked\r\n",
    "X: y\rTransfer-Encoding: chunked\r\n",
    "X: y\r\n Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Content-Length: 2\r\nTransfer-Encoding: identity\r\n",
    "Content-Length: 2\r\nTransfer-Encoding: \r\n",
    "Host: y\r\nContent-Length: 2\r\n",
    "No colon\r\nContent-Length: 2\r\n",
];

/// Chunks that one reader could end elsewhere than another one.
const BAD_CHUNKS: &[&str] = &[
    "2\n{}\n0\n\n",
    "2\r\n{}\n0\r\n\r\n",
    "2\r\n{}\r0\r\n\r\n",
    "2\n{}\r\n0\r\n\r\n",
    "2\r{}\r\n0\r\n\r\n",
    "0x2\r\n{}\r\n0\r\n\r\n",
    "+2\r\n{}\r\n0\r\n\r\n",
    "-2\r\n{}\r\n0\r\n\r\n",
    "2 2\r\n{}\r\n0\r\n\r\n",
    "2,2\r\n{}\r\n0\r\n\r\n",
    "\r\n2\r\n{}\r\n0\r\n\r\n",
    "2;a\nb\r\n{}\r\n0\r\n\r\n",
    "2;\n{}\r\n0\r\n\r\n",
    "2\r\n{}0\r\n\r\n",
    "1\r\n{}\r\n0\r\n\r\n",
    "10000000000000002\r\n{}\r\n0\r\n\r\n",
    "g\r\n{}\r\n0\r\n\r\n",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_one_end_is_refused() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 100).await;
    let at = running.address;
    for header in MEANINGLESS {
        for body in ["{}", "2\r\n{}\r\n0\r\n\r\n", "0\r\n\r\n"] {
            let request = format!("{LOGIN}{header}\r\n{body}{HIDDEN}");
            let (statuses, smuggled) = answers(at, request.as_bytes()).await;
            assert!(!smuggled && statuses == [400], "{header:?} {body:?}: {statuses:?} {smuggled}");
        }
    }
    for chunks in BAD_CHUNKS {
        let request = format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{chunks}{HIDDEN}");
        let (statuses, smuggled) = answers(at, request.as_bytes()).await;
        assert!(!smuggled && statuses == [400], "{chunks:?}: {statuses:?} {smuggled}");
    }
    let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(100_000));
    let request = format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{long}{HIDDEN}");
    let (statuses, smuggled) = answers(at, request.as_bytes()).await;
    // The answer may be lost with a connection on which more was sent.
    assert!(!smuggled && (statuses == [400] || statuses.is_empty()), "{statuses:?}");
    // An older version knows no chunks.
    let old = LOGIN.replace("HTTP/1.1", "HTTP/1.0");
    let request = format!("{old}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}");
    let (statuses, smuggled) = answers(at, request.as_bytes()).await;
    assert!(!smuggled && statuses.len() <= 1, "{statuses:?}");
    running.end().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_chunks_nothing_more_is_read() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 100).await;
    let at = running.address;
    for header in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 999\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: junk\r\n",
        "transfer-encoding: Chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked, chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n",
    ] {
        for body in
            ["2\r\n{}\r\n0\r\n\r\n", "2;a=b\r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n0\r\nX: y\r\n\r\n"]
        {
            let request = format!("{LOGIN}{header}\r\n{body}{HIDDEN}");
            let (statuses, smuggled) = answers(at, request.as_bytes()).await;
            // It was read by its chunks: an object without the fields that it needs.
            assert!(!smuggled && statuses == [422], "{header:?} {body:?}: {statuses:?}");
        }
    }
    running.end().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_reads_is_no_request() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 100).await;
    let at = running.address;
    let length = HIDDEN.len();
    for (line, status) in [
        ("GET /health/live", 200),
        ("GET /nowhere", 404),
        ("DELETE /health/live", 405),
        ("POST /api/v1/tickets", 401),
        ("POST /api/v1/files/upload", 401),
        ("OPTIONS /api/v1/tickets", 405),
        ("HEAD /health/live", 200),
    ] {
        let request =
            format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{HIDDEN}");
        let (statuses, smuggled) = answers(at, request.as_bytes()).await;
        assert!(!smuggled && statuses.len() == 1, "{line}: {statuses:?} {smuggled}");
        assert!(statuses[0] == status || line.starts_with("OPTIONS"), "{line}: {statuses:?}");
    }
    // A wrong media type is known before the body is read.
    let wrong = LOGIN.replace("application/json", "text/plain");
    let request = format!("{wrong}Content-Length: {length}\r\n\r\n{HIDDEN}");
    let (statuses, smuggled) = answers(at, request.as_bytes()).await;
    assert!(!smuggled && statuses == [415], "{statuses:?}");
    running.end().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_clear_is_answered_in_its_order() {
    let db = TestDb::sqlite().await;
    let running = run(&db, 100).await;
    let at = running.address;
    let numbered = |n: u32| {
        format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: number-{n}\r\n\r\n")
    };
    let many: String = (0..50).map(numbered).collect();
    let text = exchange(at, many.as_bytes()).await;
    let ids: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("x-request-id: ")).collect();
    assert_eq!(ids, (0..50).map(|n| format!("number-{n}")).collect::<Vec<_>>());

    for clear in [
        format!("{LOGIN}Content-Length: 2\r\n\r\n{{}}{}", numbered(1)),
        format!("{LOGIN}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}{}", numbered(1)),
        format!("{LOGIN}content-length:2\r\n\r\n{{}}{}", numbered(1)),
        format!("{LOGIN}Content-Length: 2\r\nUpgrade: h2c\r\n\r\n{{}}{}", numbered(1)),
        // What looks like it says something about the length, and does not.
        format!(
            "{LOGIN}Content-Length: 2\r\nX-Transfer-Encoding: chunked\r\n\r\n{{}}{}",
            numbered(1)
        ),
        format!(
            "{LOGIN}Content-Length: 2\r\nTransfer_Encoding: chunked\r\n\r\n{{}}{}",
            numbered(1)
        ),
    ] {
        let text = exchange(at, clear.as_bytes()).await;
        assert!(text.starts_with("HTTP/1.1 422"), "{clear}: {text}");
        assert!(text.contains("HTTP/1.1 200") && text.contains("number-1"), "{clear}: {text}");
    }
    // One line that asks for nothing of ours.
    for line in [
        "GET / HTTP/2.0",
        "GET / HTTP/1.2",
        "GET / HTTP/0.9",
        "GET /",
        "PRI * HTTP/2.0",
        "GET  / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "G\0T / HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "CONNECT x:80 HTTP/1.1",
        "GET http://other.example/health/live HTTP/1.1",
    ] {
        let (statuses, _) = answers(at, format!("{line}\r\nHost: x\r\n\r\n").as_bytes()).await;
        let first = statuses.first().copied().unwrap_or(400);
        let own = line.contains("other.example") && first == 200;
        assert!(
            statuses.len() <= 1 && ((400..500).contains(&first) || first == 505 || own),
            "{line:?}: {statuses:?}"
        );
    }
    running.end().await;
    db.close().await;
}
