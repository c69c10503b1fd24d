//! Traces.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use serde_json::json;

use super::collector::{Collector, text};
use crate::{
    files::{admin, settled, upload},
    program::{Installation, Server},
};

const TICKET: &str = "The zebra-striped printer of wanda.woods@example.com prints hunter2 all day.";

/// Calls with a trace that the caller began.
fn call_within(server: &Server, traceparent: &str, token: &str, path: &str, body: &str) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::builder()
        .method("POST")
        .uri(format!("http://{}/api/v1{path}", server.address))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("traceparent", traceparent)
        .header("x-request-id", "watched-request")
        .body(body.to_owned());
    agent.run(request.unwrap()).unwrap().status().as_u16()
}

fn is_part_of(part: &Span, whole: &Span) -> bool {
    part.trace_id == whole.trace_id && part.parent_span_id == whole.span_id
}

#[test]
fn requests_jobs_and_models_are_traced_each_in_its_place_and_tell_nothing_of_people() {
    let collector = Collector::listen();
    let installation = Installation::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-key=open%20sesame")
        .with("OTEL_SERVICE_NAME", "desk")
        .with("LOG_LEVEL", "error");
    let mut server = installation.serve();
    let token = admin(&installation, &server);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
    let body = json!({"text": TICKET}).to_string();
    assert_eq!(call_within(&server, &traceparent, &token, "/tickets/ai", &body), 201);
    let file = upload(&server, &token, "zebra-stripes.txt", TICKET.as_bytes());
    settled(&server, &token, &file);

    // The request is a part of its caller's trace, and has parts of its own.
    let request = collector.span("POST /api/v1/tickets/ai");
    assert_eq!(hex(&request.trace_id), trace);
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(request.kind(), SpanKind::Server);
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/tickets/ai"),
        ("http.response.status_code", "201"),
        ("request_id", "watched-request"),
    ] {
        assert_eq!(text(&request.attributes, key).as_deref(), Some(value), "{key}");
    }
    let model = collector.span("triage words");
    let of_request = |span: &Span| is_part_of(span, &request);
    let parts: Vec<_> = collector.spans().into_iter().filter(of_request).collect();
    let named = |name: &str| parts.iter().filter(|span| span.name == name).count();
    assert!(named("triage words") == 1 && named("transaction") >= 1, "{parts:#?}");
    assert_eq!(text(&model.attributes, "gen_ai.provider.name").as_deref(), Some("local"));

    // A job is a trace of its own, linked to the request that added it; reading the file is a part of it.
    let uploading = collector.span("POST /api/v1/files/upload");
    let job = collector.span("job file.process.v1");
    assert!(job.parent_span_id.is_empty() && job.trace_id != uploading.trace_id);
    assert_eq!(job.kind(), SpanKind::Consumer);
    let link = &job.links[0];
    assert_eq!((&link.trace_id, &link.span_id), (&uploading.trace_id, &uploading.span_id));
    assert_eq!(text(&job.attributes, "job.end").as_deref(), Some("done"));
    assert!(is_part_of(&collector.span("read_document reader"), &job));

    // What was not sent yet is sent at the end.
    server.call("GET", "/health/ready", "", None);
    server.call("GET", "/tickets?secret=hunter3", &token, None);
    server.call("GET", "/tickets/4711", &token, None);
    server.signal("TERM");
    assert!(server.wait().success());
    let last = collector.span("GET /api/v1/tickets/{id}");
    assert_eq!(
        last.status.unwrap_or_default().code(),
        StatusCode::Unset,
        "a 404 is no fault of ours"
    );

    // Who sends is known, and nothing else is told. A transaction alone is no trace.
    assert_eq!(collector.service_name(), "desk");
    assert!(collector.head().iter().any(|line| line == "x-key: open sesame"));
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.events.is_empty()));
    let root = |span: &&Span| span.parent_span_id.is_empty();
    assert!(!spans.iter().filter(root).any(|span| span.name == "transaction"));
    assert!(!spans.iter().any(|span| span.name.contains("/health")), "nor is a look at the health");
    let everything = collector.everything();
    let password = installation.read("data/admin-password");
    for secret in [password.trim(), &token, "hunter", "zebra", "printer", "wanda", "admin@", "@"] {
        assert!(!everything.contains(secret), "{secret} was sent");
    }
}

#[test]
fn nothing_is_sent_unless_it_is_wanted() {
    // Where collectors listen by default; another program of this machine may be there.
    let default = TcpListener::bind("127.0.0.1:4318").map(Collector::on).ok();
    let installation = Installation::new().with("METRICS_PORT", "0");
    let mut server = installation.serve();
    let token = admin(&installation, &server);
    let ticket = json!({"text": TICKET});
    assert_eq!(server.call("POST", "/tickets/ai", &token, Some(&ticket)).status, 201);
    assert!(!server.metrics().contains("trace_spans_total{"));
    server.signal("TERM");
    assert!(server.wait().success());
    assert!(default.is_none_or(|collector| collector.spans().is_empty()));
}

#[test]
fn a_collector_that_hangs_or_is_gone_is_in_nobodys_way() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for collector in [hanging.local_addr().unwrap(), gone] {
        let installation = Installation::new()
            .with("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{collector}"))
            .with("METRICS_PORT", "0");
        let mut server = installation.serve();
        let token = admin(&installation, &server);
        let lost = || server.metrics().contains("trace_spans_total{outcome=\"lost\"}");
        let mut slowest = Duration::ZERO;
        // More than a queue of spans, for longer than a call of the collector takes.
        crate::program::eventually("spans are lost", || {
            for _ in 0..100 {
                let begun = Instant::now();
                assert_eq!(server.call("GET", "/auth/me", &token, None).status, 200);
                slowest = slowest.max(begun.elapsed());
            }
            lost()
        });
        assert!(slowest < Duration::from_secs(4), "a request took {slowest:?}");
        let begun = Instant::now();
        server.signal("TERM");
        assert!(server.wait().success());
        assert!(begun.elapsed() < Duration::from_secs(10), "it ended after {:?}", begun.elapsed());
        let log = installation.read("server.log");
        assert_eq!(log.matches("takes no traces").count(), 1, "{log}");
        assert!(log.to_lowercase().matches("opentelemetry").count() == 0, "{log}");
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
