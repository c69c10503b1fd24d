//! Clients that are slow on purpose: they are let go soon, and nobody else feels them.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    files::{admin, upload},
    program::{Installation, Server, eventually},
};

/// How many of each kind.
const CLIENTS: usize = 60;
/// How long they have, in seconds, as the server is configured here.
const PATIENCE: &str = "2";

/// How many sockets the server has open. Its files are no sign: connections to the database come and go.
fn open_sockets(server: &Server) -> usize {
    let handles = fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    // A handle may be closed while it is looked at.
    let open = handles.filter_map(|handle| fs::read_link(handle.ok()?.path()).ok());
    open.filter(|of| of.to_string_lossy().starts_with("socket:")).count()
}

fn say(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

#[test]
fn who_is_slow_on_purpose_is_let_go_and_nobody_else_feels_it() {
    let installation = Installation::new()
        .with("HEADER_TIMEOUT_S", PATIENCE)
        .with("BODY_TIMEOUT_S", PATIENCE)
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let file = upload(&server, &token, "large.bin", &vec![b'x'; 20_000_000]);
    let before = open_sockets(&server);

    let json = "POST /api/v1/tickets HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let form = "POST /api/v1/files/upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\n";
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let bearer = format!("authorization: Bearer {token}\r\n");
    let mut slow = Vec::new();
    for _ in 0..CLIENTS {
        slow.push(say(&server, "GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: "));
        slow.push(say(
            &server,
            &format!("{json}{bearer}content-length: 9000\r\n\r\n{{\"title\":\""),
        ));
        slow.push(say(&server, &format!("{form}{bearer}content-length: 9000000\r\n\r\n{part}")));
    }
    // They never read what they ask for.
    let download = format!("GET /api/v1/files/{file}/content HTTP/1.1\r\nhost: x\r\n{bearer}\r\n");
    let readers: Vec<TcpStream> = (0..CLIENTS).map(|_| say(&server, &download)).collect();

    let begun = Instant::now();
    let mut waits = Vec::new();
    eventually("all of them are let go", || {
        for stream in &mut slow {
            // A byte now and then; those that were let go refuse it.
            let _ = stream.write_all(b"x");
        }
        let asking = Instant::now();
        assert_eq!(server.call("GET", "/tickets", &token, None).status, 200);
        waits.push(asking.elapsed());
        open_sockets(&server) <= before + 5
    });
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    // The other tests make one or the other wait.
    waits.sort();
    assert!(waits[waits.len() / 2] < Duration::from_secs(1), "{waits:?}");
    drop((slow, readers));
    let listed = server.call("GET", "/files?include_total=true", &token, None);
    assert_eq!(listed.body["total"], Value::from(1));
}
