//! Rate limits, header limits, request ids, CORS, security headers.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use http::HeaderValue;
use serde_json::json;

use crate::fixtures::people;

on_both_engines!(
    requests_are_counted_by_person,
    logins_are_counted_by_address_and_email,
    request_ids_come_back,
    large_headers_are_refused,
    only_configured_origins_may_call,
    every_answer_has_its_security_headers,
);

async fn requests_are_counted_by_person(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.per_minute = 3);
    let people = people(&app).await;
    for left in ["2", "1", "0"] {
        let answer = app.get("/auth/me").bearer(&people.user).await.expect(200);
        assert_eq!(answer.header("ratelimit-limit"), "3");
        assert_eq!(answer.header("ratelimit-remaining"), left);
        assert!(answer.header("ratelimit-reset").parse::<u32>().is_ok_and(|s| s <= 60));
    }
    let refused = app.get("/auth/me").bearer(&people.user).await.expect(429);
    assert_eq!(refused.problem(), "rate-limited");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|s| (1..=120).contains(&s)));
    app.get("/auth/me").bearer(&people.agent).await.expect(200);
    app.get("/health/live").await.expect(200);
    app.clock.advance(TimeDelta::seconds(121));
}

async fn logins_are_counted_by_address_and_email(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 2);
    let attempt = |email: &str| {
        let body = json!({"email": email, "password": "wrong password"});
        app.post("/auth/login").json(&body)
    };
    attempt("a@example.com").await.expect(401);
    attempt("A@EXAMPLE.com ").await.expect(401);
    attempt("a@example.com").await.expect(429);
    attempt("b@example.com").await.expect(401);
}

async fn request_ids_come_back(db: &TestDb) {
    let app = TestApp::new(db);
    let mine = app.get("/health/live").header("x-request-id", "abc-123").await;
    assert_eq!(mine.header("x-request-id"), "abc-123");
    let long = "x".repeat(200);
    for insane in ["", "a b", "<script>", long.as_str()] {
        let made = app.get("/health/live").header("x-request-id", insane).await;
        assert!(made.header("x-request-id").len() == 36, "{insane}");
    }
    let failed = app.get("/tickets").header("x-request-id", "abc-123").await.expect(401);
    assert_eq!(failed.text("/request_id"), "abc-123");
}

async fn large_headers_are_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let refused = app.get("/health/live").header("x-large", &"x".repeat(20_000)).await.expect(431);
    assert_eq!(refused.problem(), "headers-too-large");
}

async fn only_configured_origins_may_call(db: &TestDb) {
    let extension = "chrome-extension://abcdefghijklmnop";
    let app = TestApp::with(db, |_, api| {
        api.cors_allowed_origins = vec![HeaderValue::from_static(extension)];
    });
    let preflight = |origin: &str| {
        app.call(http::Method::OPTIONS, "/tickets")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,idempotency-key")
    };
    let allowed = preflight(extension).await;
    assert!(allowed.status.is_success());
    assert_eq!(allowed.header("access-control-allow-origin"), extension);
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    assert!(allowed.header("access-control-allow-headers").contains("idempotency-key"));
    let foreign = preflight("https://evil.example").await;
    assert_eq!(foreign.header("access-control-allow-origin"), "");
    let call = app.get("/health/live").header("origin", extension).await.expect(200);
    assert_eq!(call.header("access-control-allow-origin"), extension);
    assert!(call.header("access-control-expose-headers").contains("etag"));
    let failed = app.get("/tickets").header("origin", extension).await.expect(401);
    assert_eq!(failed.header("access-control-allow-origin"), extension);
}

async fn every_answer_has_its_security_headers(db: &TestDb) {
    let app = TestApp::with(db, |_, api| api.hsts = true);
    for path in ["/health", "/tickets", "/nowhere", "/docs", "/openapi.json"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(answer.header("strict-transport-security").starts_with("max-age="));
    }
}
