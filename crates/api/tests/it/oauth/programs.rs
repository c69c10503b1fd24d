//! How programs make themselves known: by registering, or by a document at the address that is their identity.

use atc_core::user::Role;
use atc_testkit::{Answer, TestApp, TestDb, on_both_engines};
use axum::{Router, routing};
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    HOST, REDIRECT, allow, asked, between, exchange, html, log_in, opens, question, refusal,
    sent_to,
};

on_both_engines!(
    a_program_registers,
    what_a_program_cannot_be,
    registering_is_counted,
    a_document_describes_a_program,
    a_document_that_lies_describes_nobody,
);

async fn register(app: &TestApp, body: &Value) -> Answer {
    app.mcp(Method::POST, "/oauth/register").header("host", HOST).json(body).await
}

async fn a_program_registers(db: &TestDb) {
    let app = TestApp::new(db);
    let said = json!({
        "client_name": "Desk Pal", "redirect_uris": [REDIRECT, "https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post", "application_type": "native",
        "logo_uri": "https://app.example/logo.png", "scope": "tickets:read", "contacts": [],
    });
    let made = register(&app, &said).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(made.text("/token_endpoint_auth_method"), "none", "we give no secrets");
    assert_eq!(made.body["redirect_uris"], said["redirect_uris"]);
    assert!(made.body["client_secret"].is_null());
    let least =
        register(&app, &json!({"redirect_uris": ["com.example.app:/cb"]})).await.expect(201);
    assert_ne!(least.text("/client_id"), made.text("/client_id"));
}

async fn what_a_program_cannot_be(db: &TestDb) {
    let app = TestApp::new(db);
    let uris = |uri: &str| json!({"redirect_uris": [uri]});
    for (body, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"redirect_uris": "x"}), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (uris("http://app.example/cb"), "invalid_redirect_uri"),
        (uris("javascript:alert(1)"), "invalid_redirect_uri"),
        (uris("https://app.example/#x"), "invalid_redirect_uri"),
        (json!({"redirect_uris": vec![REDIRECT; 11]}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": [REDIRECT], "grant_types": ["implicit"]}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [REDIRECT], "client_name": "x".repeat(101)}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [REDIRECT], "client_uri": "x".repeat(20_000)}),
            "invalid_client_metadata",
        ),
    ] {
        assert_eq!(refusal(register(&app, &body).await), error, "{body}");
    }
}

async fn registering_is_counted(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 2);
    let good = json!({"redirect_uris": [REDIRECT]});
    for _ in 0..2 {
        register(&app, &good).await.expect(201);
    }
    let refused = register(&app, &good).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
}

/// A server on this machine that answers with documents; how often it was asked.
async fn documents(answer: fn(&str) -> (u16, String)) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let (own, count) = (base.clone(), asked.clone());
    let get = routing::get(move |uri: axum::http::Uri| async move {
        count.fetch_add(1, Ordering::Relaxed);
        let (status, text) = answer(&format!("{own}{}", uri.path()));
        let status = http::StatusCode::from_u16(status).expect("a status");
        (status, [("cache-control", "max-age=600"), ("location", "/good.json")], text)
    });
    let router = Router::new().route("/{*path}", get);
    let server = async move { axum::serve(listener, router).await };
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
    tokio::spawn(server);
    (base, asked)
}

fn described(address: &str) -> Value {
    json!({
        "client_id": address, "client_name": "Documented Pal", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none"
    })
}

async fn a_document_describes_a_program(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (base, times) = documents(|address| (200, described(address).to_string())).await;
    let client = format!("{base}/client.json");
    let pairs = asked(&client, &[]);
    question(&app, "", &pairs).await.expect(200);
    assert_eq!(times.load(Ordering::Relaxed), 0, "nobody is called for a stranger");
    let cookie = log_in(&app, "user@example.com").await;
    let page = html(&question(&app, &cookie, &pairs).await.expect(200));
    assert!(page.contains("Documented Pal") && page.contains(&client), "{page}");
    let done = allow(&app, &cookie, &pairs, &["tickets:read"]).await.expect(200);
    let code = between(&sent_to(&done), "code=", "&");
    let tokens = exchange(&app, &client, &code, &[]).await.expect(200);
    assert!(opens(&app, &tokens.text("/access_token")).await);
    assert_eq!(times.load(Ordering::Relaxed), 1, "what is fresh is not read again");
    app.clock.advance(TimeDelta::seconds(600));
    question(&app, &cookie, &pairs).await.expect(200);
    assert_eq!(times.load(Ordering::Relaxed), 2);
}

async fn a_document_that_lies_describes_nobody(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let cookie = log_in(&app, "user@example.com").await;
    let (base, _) = documents(|address| {
        let mut document = described(address);
        let path = address.rsplit('/').next().unwrap_or_default();
        match path {
            "other.json" => document["client_id"] = json!("https://app.example/client.json"),
            "secret.json" => document["client_secret"] = json!("x"),
            "large.json" => document["client_uri"] = json!("x".repeat(6000)),
            "text.json" => return (200, "<html>".to_owned()),
            "gone.json" => return (404, document.to_string()),
            "moved.json" => return (302, document.to_string()),
            _ => {}
        }
        (200, document.to_string())
    })
    .await;
    for path in ["other.json", "secret.json", "large.json", "text.json", "gone.json", "moved.json"]
    {
        let client = format!("{base}/{path}");
        let text = html(&question(&app, &cookie, &asked(&client, &[])).await.expect(400));
        assert!(!text.contains("<form") && !text.contains("http-equiv=\"refresh\""), "{text}");
    }
    let good = format!("{base}/good.json");
    question(&app, &cookie, &asked(&good, &[])).await.expect(200);
    // Addresses of this house, and what is no address of a document.
    for client in [
        "https://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/a",
        "file:///etc/passwd",
        "a:b",
    ] {
        question(&app, &cookie, &asked(client, &[])).await.expect(400);
    }
}
