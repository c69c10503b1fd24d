//! The pages, as a real browser shows them: Debian's Chromium, which reaches no address but the server's.

use std::process::Command;

use atc_testkit::found;

use crate::program::{Installation, Server};

/// What Chromium makes of a page, and what it complained of meanwhile; `None`, said aloud, where there
/// is no Chromium.
fn rendered(server: &Server, path: &str) -> Option<(String, Vec<String>)> {
    let browser = found("TEST_BROWSER")?;
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{}{path}", server.address))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let complaints = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .map(str::to_owned)
        .collect();
    Some((String::from_utf8(output.stdout).unwrap(), complaints))
}

#[test]
fn the_documents_show_every_operation_without_any_other_server() {
    let installation = Installation::new();
    let server = installation.serve();
    let Some((swagger, complaints)) = rendered(&server, "/docs") else { return };
    assert_eq!(complaints, Vec::<String>::new());
    let document = server.call("GET", "/openapi.json", "", None);
    assert_eq!(document.status, 200);
    let operations: usize = document.body["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().keys().filter(|key| *key != "parameters").count())
        .sum();
    assert!(operations > 50);
    assert_eq!(swagger.matches("class=\"opblock-summary-method\"").count(), operations);

    let (redoc, complaints) = rendered(&server, "/redoc").unwrap();
    for path in document.body["paths"].as_object().unwrap().keys() {
        assert!(redoc.contains(path.as_str()), "{path} is not shown");
    }
    // Its makers' logo is somewhere else: the page's policy forbids to fetch it.
    let others = complaints.iter().filter(|line| !line.contains("/redoc/logo-mini.svg"));
    assert_eq!(others.count(), 0, "{complaints:?}");
}
