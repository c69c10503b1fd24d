//! The key that seals secrets is changed while a server serves.

use serde_json::json;

use crate::{
    files::admin,
    program::{Installation, Server},
};

fn with_keys(installation: Installation, current: &str, others: &str) -> Installation {
    installation.with("ENCRYPTION_KEY", current).with("OTHER_ENCRYPTION_KEYS", others)
}

/// Whether the server can still read the secret: a rotation keeps the old one, sealed anew.
fn rotates(server: &Server, token: &str, path: &str) -> u16 {
    server.call("POST", &format!("{path}/rotate-secret"), token, None).status
}

#[test]
fn a_key_is_changed_while_the_server_serves() {
    let (old, new, wrong) = ("o".repeat(32), "n".repeat(32), "w".repeat(32));
    // The key to come is made known first: whoever has it already may seal with it.
    let installation = with_keys(Installation::new(), &old, &new);
    let server = installation.serve();
    let token = admin(&installation, &server);
    let body = json!({"name": "Warehouse", "url": "https://example.com/hook"});
    let made = server.call("POST", "/webhook-endpoints", &token, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/webhook-endpoints/{}", made.body["id"].as_str().unwrap());
    drop(server);

    let installation = with_keys(installation, &new, &old);
    let server = installation.serve();
    let token = admin(&installation, &server);
    assert_eq!(rotates(&server, &token, &path), 200);
    let said = installation.run(&["keys", "rotate"]).expect(0);
    assert!(said.out.starts_with("1 secrets"), "one was new already: {}", said.out);
    assert_eq!(rotates(&server, &token, &path), 200);
    drop(server);

    let installation = with_keys(installation, &new, "");
    let said = installation.run(&["keys", "rotate"]).expect(0);
    assert!(said.out.starts_with("0 secrets") && said.out.contains("2 were"), "{}", said.out);
    let installation = with_keys(installation, &wrong, &old);
    let said = installation.run(&["keys", "rotate"]).expect(1);
    assert!(said.err.contains("OTHER_ENCRYPTION_KEYS"), "{}", said.err);
    let faults = with_keys(installation, &new, "tooshort").run(&["config", "check"]).expect(1);
    assert!(faults.err.contains("OTHER_ENCRYPTION_KEYS"), "{}", faults.err);
    assert!(!faults.err.contains("tooshort"), "{}", faults.err);
}
