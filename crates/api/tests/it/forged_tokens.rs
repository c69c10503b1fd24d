//! Tokens that somebody made or changed: none of them opens a door.

use atc_core::user::Role;
use atc_testkit::{PASSWORD, TestApp, TestDb, on_both_engines};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};

use crate::fixtures::user_id;

on_both_engines!(
    a_forged_token_opens_no_door,
    what_is_no_access_token_is_not_taken_for_one,
    a_token_counts_in_its_header_alone,
);

/// The key of [`TestApp`]: whoever forges knows everything but this.
const KEY: &[u8] = b"a signing key of thirty-two byte";

fn part(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A token out of texts, so that what no library writes can be written.
fn token(header: &str, claims: &str, key: &[u8]) -> String {
    signed(header, claims, key, hmac::HMAC_SHA256)
}

fn signed(header: &str, claims: &str, key: &[u8], algorithm: hmac::Algorithm) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A real token of an administrator, and what stands in it.
struct Real {
    token: String,
    header: Value,
    claims: Value,
}

async fn real(app: &TestApp) -> Real {
    let token = app.login_as(Role::Admin, "admin@example.com").await;
    let read = |n: usize| -> Value {
        let part = token.split('.').nth(n).expect("a part");
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
    };
    Real { header: read(0), claims: read(1), token }
}

fn with(value: &Value, member: &str, new: Value) -> String {
    let mut value = value.clone();
    value[member] = new;
    value.to_string()
}

fn without(value: &Value, member: &str) -> String {
    let mut value = value.clone();
    value.as_object_mut().expect("an object").remove(member);
    value.to_string()
}

/// Headers that name another algorithm or another key: its content is in the attacker's hand.
fn headers(real: &Value) -> Vec<String> {
    let mut headers = Vec::new();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "RS512", "PS256", "ES256",
        "EdDSA", "hs256", "HS256 ",
    ] {
        headers.push(with(real, "alg", json!(alg)));
    }
    headers.push(without(real, "alg"));
    headers.push(with(real, "alg", json!(null)));
    headers.push(with(real, "alg", json!(["HS256"])));
    for typ in ["JWT", "at+jwt2", "rt+jwt", ""] {
        headers.push(with(real, "typ", json!(typ)));
    }
    headers.push(without(real, "typ"));
    headers
}

/// Headers that tell where the key is to be found. They are signed with that key.
fn key_hints(real: &Value) -> Vec<(String, &'static [u8])> {
    let octets = json!({"kty": "oct", "alg": "HS256", "k": part("attacker"), "kid": "a"});
    let hints = [
        ("kid", json!("../../../../../../dev/null"), &b""[..]),
        ("kid", json!("x' UNION SELECT 'attacker' --"), b"attacker"),
        ("kid", json!("|/bin/sh -c id"), b"attacker"),
        ("kid", json!(""), b""),
        ("jwk", octets, b"attacker"),
        ("jku", json!("https://attacker.example/jwks.json"), b"attacker"),
        ("x5u", json!("https://attacker.example/cert.pem"), b"attacker"),
        ("x5c", json!([part("attacker")]), b"attacker"),
        ("x5t", json!(part("attacker")), b"attacker"),
    ];
    hints.into_iter().map(|(name, value, key)| (with(real, name, value), key)).collect()
}

/// Claims that are not ours, signed with our key: a second line behind the signature.
fn claims(real: &Value) -> Vec<String> {
    let iat = real["iat"].as_i64().expect("a time");
    let whole = real.to_string();
    let mut claims = Vec::new();
    for (name, value) in [
        ("iss", json!("https://attacker.example")),
        ("iss", json!(["ai-tickets"])),
        ("aud", json!("another-api")),
        ("aud", json!(["ai-tickets-api", "another-api"])),
        ("aud", json!(null)),
        ("exp", json!(iat - 1)),
        ("exp", json!(iat)),
        ("exp", json!("9999999999")),
        ("exp", json!(-1)),
        ("exp", json!(f64::MAX)),
        ("iat", json!(iat + 3600)),
        ("nbf", json!(iat + 3600)),
        ("nbf", json!(iat - 3600)),
        ("sub", json!("0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11")),
        ("sub", json!("admin")),
        ("sub", json!(null)),
        ("sid", json!("0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11")),
        ("role", json!("admin")),
        ("scope", json!("admin")),
    ] {
        claims.push(with(real, name, value));
    }
    for name in ["iss", "aud", "exp", "iat", "sub", "sid", "jti"] {
        claims.push(without(real, name));
        // A claim that stands twice: one reader takes the first, another one the last.
        let twice = format!("{},\"{name}\":{}}}", whole.trim_end_matches('}'), real[name]);
        claims.push(twice);
    }
    claims.extend(["", "{}", "[]", "null", "\"x\"", "{\"sub\":"].map(str::to_owned));
    claims
}

/// The real one, changed a little.
fn damaged(real: &str) -> Vec<String> {
    let parts: Vec<&str> = real.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{real}") };
    let mut damaged: Vec<String> = (0..real.len()).step_by(7).map(|n| real[..n].into()).collect();
    damaged.extend([
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{real}."),
        format!("{real}.{signature}"),
        format!("{real}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{}", "A".repeat(43)),
        format!("{header}.{claims}.{signature}{signature}"),
        format!("{header}\t.{claims}.{signature}"),
        real.to_uppercase(),
        format!("{header}.{}.{signature}", "A".repeat(20_000)),
    ]);
    // The last character of 32 bytes holds two bits that mean nothing: each token has one form only.
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = *real.as_bytes().last().expect("a character");
    let place = alphabet.iter().position(|c| *c == last).expect("base64url");
    for bits in 1..4 {
        let other = char::from(alphabet[place ^ bits]);
        damaged.push(format!("{}{other}", &real[..real.len() - 1]));
    }
    damaged
}

async fn a_forged_token_opens_no_door(db: &TestDb) {
    let app = TestApp::new(db);
    let real = real(&app).await;
    let (header, claim) = (real.header.to_string(), real.claims.to_string());
    // What is forged here is taken like what is made there; its members may stand in another order.
    let own = token(&header, &claim, KEY);
    app.get("/auth/me").bearer(&own).await.expect(200);

    let mut forged: Vec<String> = Vec::new();
    for header in headers(&real.header) {
        forged.push(token(&header, &claim, KEY));
        forged.push(format!("{}.{}.", part(&header), part(&claim)));
        forged.push(format!("{}.{}", part(&header), part(&claim)));
    }
    for (header, key) in key_hints(&real.header) {
        forged.push(token(&header, &claim, key));
        forged.push(format!("{}.{}.", part(&header), part(&claim)));
    }
    for key in [&b""[..], b"\0", b"secret", b"a signing key of thirty-two bytes", &KEY[..31]] {
        forged.push(token(&header, &claim, key));
    }
    for algorithm in [hmac::HMAC_SHA384, hmac::HMAC_SHA512] {
        forged.push(signed(&header, &claim, KEY, algorithm));
    }
    forged.extend(claims(&real.claims).iter().map(|claims| token(&header, claims, KEY)));
    let crit = with(&with_object(&real.header, "b64", json!(false)), "crit", json!(["b64"]));
    forged.push(token(&crit, &claim, KEY));
    forged.extend(damaged(&real.token));

    for token in &forged {
        let shown = if token.len() > 2_000 { "a long one" } else { token.as_str() };
        // In the header of an API, of a socket, of metrics and of agents.
        let answer = app.get("/auth/me").bearer(token).await;
        assert!([401, 431].contains(&answer.status.as_u16()), "{}: {shown}", answer.status);
    }
    for token in forged.iter().filter(|token| token.len() < 2000).step_by(9) {
        for path in ["/metrics", "/ws/tickets", "/api/v1/users", "/api/v1/jobs"] {
            assert_eq!(app.get(path).bearer(token).await.status, 401, "{path}: {token}");
        }
        let call = app.mcp(Method::POST, "/mcp").bearer(token).header("host", "localhost");
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        assert_eq!(call.json(&hello).await.status, 401, "{token}");
    }
    app.get("/users").bearer(&real.token).await.expect(200);
}

fn with_object(value: &Value, member: &str, new: Value) -> Value {
    let mut value = value.clone();
    value[member] = new;
    value
}

async fn what_is_no_access_token_is_not_taken_for_one(db: &TestDb) {
    let app = TestApp::new(db);
    let access = app.login_as(Role::Admin, "admin@example.com").await;
    let login = json!({"email": "admin@example.com", "password": PASSWORD});
    let session = app.post("/auth/login").json(&login).await.expect(200);
    let refresh = session.text("/refresh_token");
    let ticket = app.post("/auth/ws-ticket").bearer(&access).await.expect(201).text("/ticket");
    let id = user_id(&app, &access).await;
    for other in [&refresh, &ticket, &id, &format!("atc_{access}"), &format!("atc_{refresh}")] {
        app.get("/auth/me").bearer(other).await.expect(401);
    }
    for other in [&access, &ticket] {
        app.post("/auth/refresh").json(&json!({"refresh_token": other})).await.expect(401);
    }
    for other in [&access, &refresh] {
        app.get(&format!("/ws/tickets?ticket={other}")).await.expect(401);
    }
    // Nothing of that cost the session anything.
    app.get("/auth/me").bearer(&session.text("/access_token")).await.expect(200);
    app.post("/auth/refresh").json(&json!({"refresh_token": refresh})).await.expect(200);
}

async fn a_token_counts_in_its_header_alone(db: &TestDb) {
    let app = TestApp::new(db);
    let token = app.login_as(Role::Admin, "admin@example.com").await;
    for path in [
        format!("/auth/me?access_token={token}"),
        format!("/auth/me?token={token}"),
        format!("/auth/me?authorization=Bearer%20{token}"),
    ] {
        app.get(&path).await.expect(401);
    }
    for (name, value) in [
        ("cookie", format!("access_token={token}")),
        ("cookie", format!("session={token}")),
        ("x-api-key", token.clone()),
        ("x-access-token", token.clone()),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-forwarded-user", "admin@example.com".to_owned()),
        ("x-original-url", "/health/live".to_owned()),
        ("x-rewrite-url", "/health/live".to_owned()),
        ("x-http-method-override", "OPTIONS".to_owned()),
        ("authorization", token.clone()),
        ("authorization", format!("Token {token}")),
        ("authorization", format!("Bearer {token}, Bearer x")),
        ("authorization", format!("Basic {}", part(&format!("admin@example.com:{token}")))),
    ] {
        app.get("/auth/me").header(name, &value).await.expect(401);
    }
    // Two of them: nobody can say which one counts.
    let both = app.get("/auth/me").bearer(&token).header("authorization", "Bearer x");
    assert!(!both.await.status.is_success());
    let both = app.get("/auth/me").header("authorization", "Bearer x").bearer(&token);
    assert!(!both.await.status.is_success());
}
