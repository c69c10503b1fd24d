//! Metrics, and what is made of them: the dashboard and the alerts.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
};

use atc_platform::telemetry::{METRICS, MetricKind};
use serde_json::{Value, json};

use super::collector::Collector;
use crate::{
    files::{admin, settled, upload},
    program::{Installation, Server, eventually},
};

/// They are there once a language model was asked.
const OF_LANGUAGE_MODELS: [&str; 1] = ["model_tokens_total"];

/// What stands in a query besides functions, labels and metrics.
const WORDS: [&str; 6] = ["and", "or", "unless", "sum", "max", "min"];

/// A server that had some of everything to do, and what it counts then.
fn after_some_traffic() -> (String, String) {
    let (collector, hooks) = (Collector::listen(), TcpListener::bind("127.0.0.1:0").unwrap());
    let hook = format!("http://{}/hook", hooks.local_addr().unwrap());
    let installation = Installation::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OUTGOING_ALLOW", "127.0.0.1")
        .with("OUTGOING_TIMEOUT_S", "1")
        .with("METRICS_PORT", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let endpoint = json!({"name": "Warehouse", "url": hook, "events": ["ticket.created"]});
    let made = server.call("POST", "/webhook-endpoints", &token, Some(&endpoint));
    assert_eq!(made.status, 201, "{}", made.body);
    let ticket = json!({"text": "The printer prints stripes"});
    assert_eq!(server.call("POST", "/tickets/ai", &token, Some(&ticket)).status, 201);
    settled(&server, &token, &upload(&server, &token, "a.txt", b"stripes"));
    strange_requests(&server);
    let mut text = String::new();
    eventually("everything was counted", || {
        text = server.metrics();
        ["webhook_attempts_total{", "trace_spans_total{", "event_relay_lag_seconds_bucket{"]
            .iter()
            .all(|name| text.contains(name))
    });
    (text, server.metrics())
}

/// What anybody may send.
fn strange_requests(server: &Server) {
    for path in ["/tickets/x1", "/tickets/x2", "/nothing-1", "/nothing-2/deep"] {
        server.call("GET", path, "", None);
    }
    let mut stream = TcpStream::connect(server.address).unwrap();
    let brew = b"BREW /api/v1/tickets/x3 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(brew).unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).unwrap() > 0);
}

#[test]
fn series_have_the_labels_that_are_promised_and_no_others() {
    let (text, _) = after_some_traffic();
    for series in [
        r#"http_requests_total{method="POST",route="/api/v1/tickets/ai",status="201"} 1"#,
        r#"http_request_seconds_count{method="POST",route="/api/v1/tickets/ai",status_class="2xx"} 1"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 2"#,
        r#"jobs_total{kind="file.process.v1",end="done"} 1"#,
        r#"job_seconds_count{kind="file.process.v1"} 1"#,
        r#"job_queue_ready{queue="files"} 0"#,
        r#"job_queue_oldest_seconds{queue="files"} 0"#,
        r#"database_connections_max{pool="read"} 16"#,
        r#"database_connections_max{pool="write"} 1"#,
        r#"search_vectors{of="tickets"} 0"#,
        r#"model_call_seconds_count{provider="local",model="words",operation="triage"}"#,
        r#"model_calls_total{provider="local",model="reader",operation="read_document",outcome="ok"} 1"#,
        r#"webhook_attempts_total{outcome="timed_out"}"#,
        r#"build_info{version=""#,
        "database_begin_seconds_count ",
        "process_resident_memory_bytes ",
        "http_requests_in_flight ",
    ] {
        assert!(text.contains(&format!("\n{series}")), "{series} is missing:\n{text}");
    }
    // What people make up is no label.
    for made_up in ["nothing", "x1", "BREW"] {
        assert!(!text.contains(made_up), "{made_up}");
    }
    assert!(text.contains(r#"method="_OTHER""#), "{text}");
    // Each metric is described, and none is that is not.
    let told: BTreeSet<_> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")).collect();
    for line in told {
        let (name, kind) = line.split_once(' ').unwrap();
        if name.starts_with("process_") {
            continue;
        }
        let metric = METRICS.iter().find(|m| m.name == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the list"));
        let is = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        assert_eq!(kind, is, "{name}");
    }
}

#[test]
fn dashboard_and_alerts_ask_for_nothing_that_is_not_told() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(top.join(path)).unwrap();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/ai-tickets.json")).unwrap();
    let mut asked = Vec::new();
    expressions(&dashboard, &mut asked);
    let alerts = read("deploy/prometheus/alerts.yml");
    let of_alerts = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    asked.extend(of_alerts.map(str::to_owned));
    let asked: BTreeSet<_> = asked.iter().flat_map(|expr| metrics_of(expr)).collect();
    assert!(asked.len() > 20, "{asked:?}");

    let (_, text) = after_some_traffic();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let told: BTreeSet<_> =
        lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect();
    for name in asked {
        // Prometheus itself says `up`.
        let known = told.contains(&name) || name == "up";
        assert!(known || OF_LANGUAGE_MODELS.contains(&name.as_str()), "{name} is not told");
    }

    // And the manual names every one.
    let manual = read("docs/operations.md");
    for metric in METRICS {
        assert!(manual.contains(&format!("`{}", metric.name)), "the manual lacks {}", metric.name);
    }
}

/// The queries of a dashboard, wherever they stand.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(expr) if name == "expr" => found.push(expr.to_owned()),
                    _ => expressions(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

/// The metrics that a query of Prometheus names: words that are no function, label, or word of the language.
fn metrics_of(expr: &str) -> BTreeSet<String> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in expr.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    let mut rest = plain.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let word = &rest[start..];
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let (word, after) = word.split_at(end.unwrap_or(word.len()));
        rest = after;
        if ["by", "on", "ignoring", "without"].contains(&word) {
            // Labels follow.
            rest = after.split_once(')').map_or("", |(_, rest)| rest);
        } else if !after.trim_start().starts_with('(') && !WORDS.contains(&word) {
            names.insert(word.to_owned());
        }
    }
    names
}

#[test]
fn the_names_in_a_query_are_found() {
    let query = "sum by (le, route) (rate(http_request_seconds_bucket{method=~\"$m\"}[5m])) / 2 > 0.5 and up == 1";
    let names: Vec<_> = metrics_of(query).into_iter().collect();
    assert_eq!(names, ["http_request_seconds_bucket", "up"]);
}

#[test]
fn a_process_of_the_api_alone_counts_words_unasked() {
    let installation = Installation::new().with("METRICS_PORT", "0");
    let knows_words = |server: &Server| {
        eventually("words were counted", || {
            server.metrics().contains("search_texts_counted{of=\"tickets\"} 1\n")
        });
    };
    {
        let all = installation.serve();
        let token = admin(&installation, &all);
        let ticket = json!({"text": "The printer prints stripes"});
        assert_eq!(all.call("POST", "/tickets/ai", &token, Some(&ticket)).status, 201);
        knows_words(&all);
    }
    knows_words(&installation.serve_roles("api", "api.log"));
}

#[test]
fn metrics_are_told_without_a_credential_only_on_their_own_port() {
    let installation = Installation::new().with("METRICS_PORT", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let from_api = |token: &str| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.get(format!("http://{}/metrics", server.address));
        let request = request.header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    };
    assert_eq!((from_api("nobody"), from_api(&token)), (401, 200));
    assert!(server.metrics().contains("# HELP http_requests_total "));

    // A worker has no other port.
    let worker = installation.serve_roles("worker", "worker.log");
    assert!(worker.metrics().contains("job_queue_ready{queue=\"default\"}"));
    let off = Installation::new().serve();
    assert!(!off.banner_so_far().contains("Metrics"));
    assert!(TcpStream::connect(off.address).is_ok());
}
