//! How programs get in: every step, every refusal, and how it ends.

mod abuse;
mod flow;
mod programs;

use atc_testkit::{Answer, Call, PASSWORD, TestApp};
use http::Method;
use serde_json::json;

/// As a program on this machine calls.
pub const HOST: &str = "localhost";
pub const RESOURCE: &str = "http://localhost/mcp";
pub const REDIRECT: &str = "http://127.0.0.1:4711/callback";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const FORM: &str = "application/x-www-form-urlencoded";

pub type Pairs<'a> = Vec<(&'a str, &'a str)>;

pub fn encode(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        let byte = |b: u8| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(b).to_string()
            }
            _ => format!("%{b:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

pub fn get<'a>(app: &'a TestApp, path: &str) -> Call<'a> {
    app.mcp(Method::GET, path).header("host", HOST)
}

pub fn send<'a>(app: &'a TestApp, path: &str, pairs: &[(&str, &str)]) -> Call<'a> {
    app.mcp(Method::POST, path).header("host", HOST).raw(FORM, encode(pairs))
}

/// As a page of ours sends it.
pub fn press<'a>(app: &'a TestApp, cookie: &str, path: &str, pairs: &[(&str, &str)]) -> Call<'a> {
    send(app, path, pairs).header("sec-fetch-site", "same-origin").header("cookie", cookie)
}

pub fn html(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.bytes).into_owned()
}

/// What stands between two texts on a page, without its escapes.
pub fn between(page: &str, before: &str, after: &str) -> String {
    let Some((_, rest)) = page.split_once(before) else { panic!("no {before}: {page}") };
    rest.split(after).next().unwrap_or_default().replace("&amp;", "&")
}

/// The cookie of somebody who logged in on the page.
pub async fn log_in(app: &TestApp, email: &str) -> String {
    let pairs = [("email", email), ("password", PASSWORD), ("next", "/oauth/grants")];
    let answer = press(app, "", "/oauth/login", &pairs).await.expect(303);
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// The identity of a program that made itself known.
pub async fn register(app: &TestApp, redirect: &str) -> String {
    let body = json!({"client_name": "Desk Pal", "redirect_uris": [redirect]});
    let call = app.mcp(Method::POST, "/oauth/register").header("host", HOST);
    call.json(&body).await.expect(201).text("/client_id")
}

/// What a program asks for, with what is different this time; an empty text leaves a parameter out.
pub fn asked<'a>(client: &'a str, other: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let usual = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", "tickets:read tickets:write"),
        ("state", "s t&te"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("resource", RESOURCE),
    ];
    changed(&usual, other)
}

pub fn changed<'a>(usual: &[(&'a str, &'a str)], other: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let stays = |(name, _): &&(&str, &str)| !other.iter().any(|(n, _)| n == name);
    let stays = usual.iter().filter(stays).copied();
    stays.chain(other.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

/// The page with the question.
pub async fn question(app: &TestApp, cookie: &str, pairs: &[(&str, &str)]) -> Answer {
    get(app, &format!("/oauth/authorize?{}", encode(pairs))).header("cookie", cookie).await
}

/// The page after somebody pressed `Allow` with these scopes ticked.
pub async fn allow(app: &TestApp, cookie: &str, pairs: &[(&str, &str)], scopes: &[&str]) -> Answer {
    let mut pairs = pairs.to_vec();
    pairs.extend(scopes.iter().map(|scope| ("allow", *scope)));
    pairs.push(("decision", "allow"));
    press(app, cookie, "/oauth/authorize", &pairs).await
}

/// Where the page sends the browser.
pub fn sent_to(page: &Answer) -> String {
    between(&html(page), "http-equiv=\"refresh\" content=\"0;url=", "\"")
}

/// A code for these scopes.
pub async fn code(app: &TestApp, cookie: &str, client: &str, scopes: &[&str]) -> String {
    let wanted = scopes.join(" ");
    let pairs = asked(client, &[("scope", &wanted)]);
    let page = allow(app, cookie, &pairs, scopes).await.expect(200);
    between(&sent_to(&page), "code=", "&")
}

/// Asks for tokens, with what is different this time.
pub async fn exchange(app: &TestApp, client: &str, code: &str, other: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
        ("resource", RESOURCE),
    ];
    send(app, "/oauth/token", &changed(&usual, other)).await
}

pub async fn refresh(app: &TestApp, client: &str, token: &str, other: &[(&str, &str)]) -> Answer {
    let usual = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    send(app, "/oauth/token", &changed(&usual, other)).await
}

/// Why a program got nothing.
#[track_caller]
pub fn refusal(answer: Answer) -> String {
    let answer = answer.expect(400);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text("/error_description").is_empty());
    answer.text("/error")
}

/// A program that somebody let in: its identity, access token and refresh token.
pub struct LetIn {
    pub client: String,
    pub access: String,
    pub refresh: String,
}

pub async fn let_in(app: &TestApp, email: &str, scopes: &[&str]) -> LetIn {
    let client = register(app, REDIRECT).await;
    let cookie = log_in(app, email).await;
    let code = code(app, &cookie, &client, scopes).await;
    let tokens = exchange(app, &client, &code, &[]).await.expect(200);
    let (access, refresh) = (tokens.text("/access_token"), tokens.text("/refresh_token"));
    LetIn { client, access, refresh }
}

/// Whether a token opens the MCP server.
pub async fn opens(app: &TestApp, token: &str) -> bool {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    match crate::mcp::post(app, token, &message).await.status.as_u16() {
        200 => true,
        401 => false,
        other => panic!("the status {other}"),
    }
}
