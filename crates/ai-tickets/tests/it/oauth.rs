//! A program lets its person log in, in a real browser.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{Receiver, channel},
};

use atc_testkit::found;
use serde_json::{Value, json};

use crate::{browser::Page, program::Installation};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A program that waits on this machine for its answer; the paths that it was asked for.
fn program() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
            let body = "<p id=here>Thank you.</p>";
            let length = body.len();
            let written = write!(&stream, "{head}Content-Length: {length}\r\n\r\n{body}");
            if written.is_err() || told.send(path).is_err() {
                break;
            }
        }
    });
    (address, heard)
}

/// What the server answers to JSON, or to a form.
fn post(address: &str, media_type: &str, body: &str) -> Value {
    let mut answer = ureq::post(address).header("content-type", media_type).send(body).unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn a_person_lets_a_program_in() {
    let Some(browser) = found("TEST_BROWSER") else { return };
    let installation = Installation::new();
    let server = installation.serve();
    let issuer = format!("http://{}", server.mcp());
    let (program, heard) = program();
    let redirect = format!("http://{program}/callback");
    let body = json!({"client_name": "Desktop assistant", "redirect_uris": [redirect]});
    let made = post(&format!("{issuer}/oauth/register"), "application/json", &body.to_string());
    let client = made["client_id"].as_str().unwrap();

    let mut page = Page::open(&browser);
    page.go(&format!(
        "{issuer}/oauth/authorize?response_type=code&client_id={client}&redirect_uri={redirect}\
         &state=xyz&scope=tickets:read+tickets:write+admin&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&resource={issuer}/mcp"
    ));
    page.until("document.querySelector('#password') !== null");
    page.write("#email", "admin@localhost");
    page.write("#password", installation.read("data/admin-password").trim());
    page.click("button[type=submit]");
    page.until("document.querySelector('.scopes') !== null");
    let text = page.value("document.body.innerText");
    let text = text.as_str().unwrap();
    assert!(text.contains("Desktop assistant") && text.contains("this computer"), "{text}");
    let ticked = page.value("document.querySelectorAll('input:checked').length");
    assert_eq!(ticked, 2, "an administrator's whole power is not ticked beforehand");
    assert_eq!(page.value("document.cookie"), "", "no script sees the session");
    page.click("input[value='tickets:write']");
    page.click("button[value=allow]");
    // The browser goes there by itself.
    page.until("document.querySelector('#here') !== null");
    assert_eq!(page.complaints, Vec::<String>::new());

    let answer = heard.iter().find(|path| path.starts_with("/callback?")).unwrap();
    let field = |name: &str| {
        let mut pairs = answer.trim_start_matches("/callback?").split('&');
        pairs.find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned()
    };
    assert_eq!(field("state"), "xyz");
    let form = format!(
        "grant_type=authorization_code&client_id={client}&code={}&code_verifier={VERIFIER}\
         &redirect_uri={redirect}",
        field("code")
    );
    let form_type = "application/x-www-form-urlencoded";
    let tokens = post(&format!("{issuer}/oauth/token"), form_type, &form);
    assert_eq!(tokens["scope"], "tickets:read");

    // What was let in is shown, and ended.
    page.go(&format!("{issuer}/oauth/grants"));
    page.until("document.body.innerText.includes('Desktop assistant')");
    page.click(".grant button");
    page.until("document.body.innerText.includes('No program may act for you')");
    let again = format!(
        "grant_type=refresh_token&client_id={client}&refresh_token={}",
        tokens["refresh_token"].as_str().unwrap()
    );
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let refused = agent.post(format!("{issuer}/oauth/token"));
    let refused = refused.header("content-type", form_type).send(&again).unwrap();
    assert_eq!(refused.status(), 400);
}
