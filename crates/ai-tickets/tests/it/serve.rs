//! `serve`: what survives, and how it ends.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::json;

use crate::program::{Installation, Server, eventually};

fn admin(installation: &Installation, server: &Server) -> String {
    server.log_in("admin@localhost", installation.read("data/admin-password").trim())
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let token = admin(&installation, &server);
    let ticket = json!({
        "title": "Charged twice", "description": "Our card was charged twice.",
        "category": "billing", "priority": "high",
    });
    let made = server.call("POST", "/tickets", &token, Some(&ticket));
    assert_eq!(made.status, 201, "{}", made.body);
    server.signal("KILL");
    server.wait();

    let server = installation.serve();
    let found = server.call("GET", "/tickets/1", &token, None);
    assert_eq!(found.status, 200, "{}", found.body);
    assert_eq!(found.body["id"], made.body["id"]);
    assert_eq!(found.body["title"], "Charged twice");
}

#[test]
fn it_starts_on_a_machine_without_certificates_of_authorities() {
    let bare = Installation::new().with("SSL_CERT_FILE", "nowhere").with("SSL_CERT_DIR", "nowhere");
    let server = bare.serve();
    assert_eq!(server.call("GET", "/auth/me", "", None).status, 401);
}

#[test]
fn health_is_asked_by_a_command_as_well() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let port = server.address.port().to_string();
    let beside = Installation::new().with("PORT", &port).with("HOST", "0.0.0.0");
    let healthy = beside.run(&["health"]).expect(0);
    assert_eq!((healthy.out.as_str(), healthy.err.as_str()), ("ok\n", ""));
    let live = format!("http://{}/health/live", server.address);
    beside.run(&["health", "--url", &live]).expect(0);
    let absent = format!("http://{}/nothing", server.address);
    let said = beside.run(&["health", "--url", &absent]).expect(1);
    assert!(said.err.contains("404"), "{}", said.err);
    server.signal("KILL");
    server.wait();
    let said = beside.run(&["health"]).expect(1);
    assert!(said.err.contains("does not answer"), "{}", said.err);
    assert!(!beside.path("data").exists(), "asking leaves nothing behind");
}

#[test]
fn before_the_end_it_is_not_ready_and_still_serves() {
    let installation = Installation::new().with("SHUTDOWN_DELAY_S", "3600");
    let mut server = installation.serve();
    let ready = || server.call("GET", "/health/ready", "", None).status;
    assert_eq!(ready(), 200);
    server.signal("TERM");
    eventually("it says that it ends", || ready() == 503);
    assert_eq!(server.call("GET", "/health/live", "", None).status, 200);
    server.log_in("admin@localhost", installation.read("data/admin-password").trim());
    // Whoever cannot wait says so once more.
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(130));
}

#[test]
fn a_signal_ends_it_after_the_requests_that_run() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let mut request = half_a_request(&server);
    server.signal("TERM");
    until_nobody_listens(&server);
    request.write_all(b"}").unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_request_that_never_ends_is_cut_off_after_the_grace() {
    let installation = Installation::new().with("SHUTDOWN_GRACE_S", "1");
    let mut server = installation.serve();
    let _request = half_a_request(&server);
    server.signal("INT");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let installation = Installation::new().with("SHUTDOWN_GRACE_S", "3600");
    let mut server = installation.serve();
    let _request = half_a_request(&server);
    server.signal("TERM");
    until_nobody_listens(&server);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(130));
}

/// A request whose last byte is missing, and of which the server has begun to read the body.
fn half_a_request(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = [0; 25];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{").unwrap();
    stream
}

fn until_nobody_listens(server: &Server) {
    eventually("nobody listens", || TcpStream::connect(server.address).is_err());
}

#[test]
fn a_port_in_use_is_told_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let installation = Installation::new().with("PORT", &port);
    let said = installation.run(&["serve"]).expect(1);
    assert_eq!(
        said.err,
        format!(
            "error: 127.0.0.1:{port} is in use by another program: end it, or set PORT to another port\n"
        )
    );
    assert!(!installation.path("data/tickets.db").exists(), "the database was not touched");
}

#[test]
fn what_an_agents_door_lacks_is_told() {
    let said = Installation::new().with("MCP_PORT", "off").run(&["serve", "--roles", "mcp"]);
    let said = said.expect(1);
    assert!(said.err.contains("MCP_PORT is off"), "{}", said.err);
    let said = Installation::new().run(&["mcp", "--stdio"]).expect(1);
    assert!(said.err.contains("set MCP_TOKEN"), "{}", said.err);
    let said = Installation::new().with("MCP_TOKEN", "wrong").run(&["mcp", "--stdio"]).expect(1);
    assert!(said.err.contains("token"), "{}", said.err);
    assert_eq!(said.out, "", "the output belongs to the protocol");
}

#[test]
fn the_audit_trail_is_verified_and_written_out() {
    let installation = Installation::new();
    installation.run(&["ticket", "new", "The printer is on fire."]).expect(0);
    let verified = installation.run(&["audit", "verify"]).expect(0);
    assert!(verified.out.contains("1 entries in 1 seals"), "{}", verified.out);
    let head = verified.out.split_whitespace().last().unwrap();
    installation.run(&["audit", "verify", "--expect", head]).expect(0);
    let other = "0".repeat(64);
    let said = installation.run(&["audit", "verify", "--expect", &other]).expect(1);
    assert!(said.err.contains("expected hash"), "{}", said.err);
    let exported = installation.run(&["audit", "export"]).expect(0);
    let line: serde_json::Value = serde_json::from_str(exported.out.trim()).unwrap();
    assert_eq!((&line["seal"], &line["seal_hash"]), (&1.into(), &head.into()), "{line}");
}

#[test]
fn without_models_it_serves_and_says_so() {
    let installation = Installation::new();
    let server = installation.serve();
    assert_eq!(server.call("GET", "/health/ready", "", None).status, 200);
    let health = server.call("GET", "/health", "", None);
    assert_eq!(health.status, 200, "{}", health.body);
    assert_eq!(health.body["status"], "degraded", "{}", health.body);
    assert_ne!(health.body["components"]["ai"]["status"], "ok", "{}", health.body);
    assert_eq!(health.body["components"]["database"]["status"], "ok", "{}", health.body);
}
