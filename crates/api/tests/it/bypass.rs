//! What people try to be counted anew: none of it helps.

use std::net::IpAddr;

use atc_testkit::{PASSWORD, TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::json;

use crate::fixtures::people;

on_both_engines!(
    no_header_makes_a_caller_another_one,
    behind_a_proxy_only_its_own_word_counts,
    an_address_in_another_form_is_the_same_address,
    an_e_mail_in_another_form_is_the_same_e_mail,
    a_path_in_another_form_is_no_way_around,
    a_password_is_not_found_out_by_changing_it,
    a_person_is_one_whatever_they_come_with,
);

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Headers by which proxies, clouds and frameworks tell where somebody comes from.
const TELLING: [&str; 14] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-host",
    "via",
];

async fn no_header_makes_a_caller_another_one(db: &TestDb) {
    let app = TestApp::with(db, |config, _| {
        config.rate_limits.per_minute = 3;
        config.rate_limits.auth_per_minute = 2;
    });
    let nobody = address("203.0.113.7");
    for _ in 0..3 {
        app.get("/tickets").from(nobody).await.expect(401);
    }
    for (n, name) in TELLING.into_iter().enumerate() {
        let other = format!("198.51.100.{n}");
        for value in [other.clone(), format!("for={other}"), format!("for=\"[2001:db8::{n}]\"")] {
            app.get("/tickets").from(nobody).header(name, &value).await.expect(429);
        }
    }
    app.clock.advance(TimeDelta::seconds(121));
    let attempt = |n: usize| {
        let body = json!({"email": "a@example.com", "password": "wrong password"});
        let call = app.post("/auth/login").from(address("203.0.113.9"));
        call.header(TELLING[n], &format!("198.51.100.{n}")).json(&body)
    };
    attempt(0).await.expect(401);
    attempt(1).await.expect(401);
    attempt(2).await.expect(429);
}

async fn behind_a_proxy_only_its_own_word_counts(db: &TestDb) {
    let app = TestApp::with(db, |config, api| {
        config.rate_limits.per_minute = 2;
        api.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    });
    let through = |claimed: &str| {
        let call = app.get("/tickets").from(address("10.0.0.1"));
        call.header("x-forwarded-for", &format!("{claimed}203.0.113.7"))
    };
    through("").await.expect(401);
    through("198.51.100.1, ").await.expect(401);
    for claimed in ["198.51.100.2, ", "10.9.9.9, ", "::1, ", "junk, ", ",,, ", "unknown, "] {
        through(claimed).await.expect(429);
    }
    // Two headers are one list (RFC 9110, 5.2).
    let twice = app.get("/tickets").from(address("10.0.0.1"));
    let twice = twice.header("x-forwarded-for", "198.51.100.3");
    twice.header("x-forwarded-for", "203.0.113.7").await.expect(429);
    // Who comes past the proxy is not believed.
    let past = app.get("/tickets").from(address("203.0.113.7"));
    past.header("x-forwarded-for", "198.51.100.4").await.expect(429);
}

async fn an_address_in_another_form_is_the_same_address(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.per_minute = 2);
    for _ in 0..2 {
        app.get("/tickets").from(address("203.0.113.7")).await.expect(401);
        app.get("/tickets").from(address("2001:db8:1:2::1")).await.expect(401);
    }
    for same in [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "2001:db8:1:2::2",
        "2001:db8:1:2:ffff:ffff:ffff:ffff",
        "2001:db8:1:2:1234:5678:9abc:def0",
    ] {
        app.get("/tickets").from(address(same)).await.expect(429);
    }
    for other in ["203.0.113.8", "2001:db8:1:3::1"] {
        app.get("/tickets").from(address(other)).await.expect(401);
    }
}

async fn an_e_mail_in_another_form_is_the_same_e_mail(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 2);
    people(&app).await;
    app.clock.advance(TimeDelta::seconds(121));
    let attempt = |email: &str, password: &str| {
        app.post("/auth/login").json(&json!({"email": email, "password": password}))
    };
    for _ in 0..2 {
        attempt("user@example.com", "wrong password").await.expect(401);
    }
    // Whatever form is the account's is counted with it, and no other form is the account's.
    for form in [
        "user@example.com",
        "USER@EXAMPLE.COM",
        "User@Example.com",
        " user@example.com",
        "user@example.com\n",
        "\u{a0}user@example.com",
        "user@example.com.",
        "user+1@example.com",
        "user@EXAMPLE.com\u{200b}",
        "u\u{17f}er@example.com",
        "\u{ff55}ser@example.com",
        "\"user\"@example.com",
        "<user@example.com>",
        "user%40example.com",
    ] {
        let status = attempt(form, PASSWORD).await.status;
        assert!([429, 401].contains(&status.as_u16()), "{form:?} logs in: {status}");
    }
    // An e-mail of a megabyte is one like any other.
    attempt(&"x".repeat(900_000), PASSWORD).await.expect(401);
}

async fn a_path_in_another_form_is_no_way_around(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 1);
    people(&app).await;
    app.clock.advance(TimeDelta::seconds(121));
    let attempt = |path: &str| {
        let body = json!({"email": "user@example.com", "password": PASSWORD});
        app.call(Method::POST, path).json(&body)
    };
    attempt("/api/v1/auth/login").await.expect(200);
    attempt("/api/v1/auth/login").await.expect(429);
    for path in [
        "/api/v1/auth/login/",
        "/api/v1/auth//login",
        "/api/v1//auth/login",
        "//api/v1/auth/login",
        "/api/v1/auth/./login",
        "/api/v1/x/../auth/login",
        "/api/v1/auth/login/.",
        "/api/v1/auth/login;a=b",
        "/api/v1/auth/login%20",
        "/api/v1/auth/login%00",
        "/api/v1/auth/login.json",
        "/api/v1/auth%2flogin",
        "/api/v1/auth%2Flogin",
        "/api/v1/auth%5clogin",
        "/api/v1/auth/%6cogin",
        "/api/v1/%61uth/login",
        "/api/v1/auth/%256cogin",
        "/API/V1/auth/login",
        "/api/v1/AUTH/login",
        "/api/v1/auth/Login",
        "/api/v1/auth/login?",
        "/api/v1/auth/login?x=1",
        "/api/v1/auth/login?email=other@example.com",
    ] {
        let status = attempt(path).await.status;
        let refused = [StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS];
        assert!(refused.contains(&status), "{path}: {status}");
    }
}

async fn a_password_is_not_found_out_by_changing_it(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 3);
    let people = people(&app).await;
    app.clock.advance(TimeDelta::seconds(121));
    let guess = |current: &str| {
        let body = json!({"password": "a new long password", "current_password": current});
        app.patch("/auth/me").bearer(&people.user).json(&body)
    };
    for n in 0..3 {
        guess(&format!("guess {n}")).await.expect(422);
    }
    guess(PASSWORD).await.expect(429);
    // What needs no password goes on.
    let name = app.patch("/auth/me").bearer(&people.user).json(&json!({"full_name": "New"}));
    name.await.expect(200);
}

async fn a_person_is_one_whatever_they_come_with(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.per_minute = 6);
    let user = people(&app).await.user;
    let body = json!({"name": "CI", "scopes": ["tickets:read"]});
    let made = app.post("/tokens").bearer(&user).json(&body).await.expect(201).text("/token");
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let again = app.post("/auth/login").json(&login).await.expect(200).text("/access_token");
    let served = async |token: &str, from: &str| {
        let answer = app.get("/auth/me").bearer(token).from(address(from)).await;
        answer.status == 200
    };
    let mut served_calls = 0;
    for n in 0..12 {
        for token in [&user, &made, &again] {
            served_calls += usize::from(served(token, &format!("203.0.113.{n}")).await);
        }
    }
    // One call was for the token.
    assert_eq!(served_calls, 5);
}
