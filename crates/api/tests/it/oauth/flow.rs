//! The way in, step by step, and every way out.

use atc_core::user::{Email, Role};
use atc_testkit::{PASSWORD, TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use http::Method;
use serde_json::json;

use super::{
    HOST, REDIRECT, RESOURCE, allow, asked, between, code, encode, exchange, get, html, let_in,
    log_in, opens, press, question, refresh, refusal, register, send, sent_to,
};
use crate::mcp;

on_both_engines!(
    the_door_says_how_to_get_in,
    behind_a_name_the_address_is_the_configured_one,
    a_person_lets_a_program_in,
    a_person_says_no,
    tokens_are_renewed_once_each,
    people_see_and_end_what_they_let,
    a_program_gives_back_what_it_has,
    what_was_let_ends_with_the_person,
    who_lacks_a_scope_is_told_which,
);

async fn the_door_says_how_to_get_in(db: &TestDb) {
    let app = TestApp::new(db);
    let knock = |host: &str| app.mcp(Method::POST, "/mcp").header("host", host).json(&json!({}));
    let answer = knock("localhost:8001").await.expect(401);
    let challenge = answer.header("www-authenticate").to_owned();
    let about = "http://localhost:8001/.well-known/oauth-protected-resource/mcp";
    assert!(challenge.starts_with(&format!("Bearer resource_metadata=\"{about}\"")), "{challenge}");
    let usual = "tickets:read tickets:write files:read files:write knowledge:read";
    assert!(challenge.ends_with(&format!("scope=\"{usual}\"")), "{challenge}");
    assert_eq!(answer.problem(), "unauthenticated");
    let worn = knock("localhost:8001").bearer("no.such.token").await.expect(401);
    assert!(worn.header("www-authenticate").contains("error=\"invalid_token\""));

    let at = |path: &str| app.mcp(Method::GET, path).header("host", "localhost:8001");
    for path in
        ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"]
    {
        let resource = at(path).await.expect(200).body;
        assert_eq!(resource["resource"], "http://localhost:8001/mcp");
        assert_eq!(resource["authorization_servers"], json!(["http://localhost:8001"]));
        assert_eq!(resource["bearer_methods_supported"], json!(["header"]));
        assert_eq!(resource["scopes_supported"], json!(usual.split(' ').collect::<Vec<_>>()));
    }
    let server = at("/.well-known/oauth-authorization-server").await.expect(200).body;
    assert_eq!(server["issuer"], "http://localhost:8001");
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(server["client_id_metadata_document_supported"], true);
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("registration_endpoint", "/oauth/register"),
        ("revocation_endpoint", "/oauth/revoke"),
    ] {
        assert_eq!(server[name], format!("http://localhost:8001{path}"), "{name}");
    }
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/mcp"]
    {
        at(path).await.expect(404);
    }
}

async fn behind_a_name_the_address_is_the_configured_one(db: &TestDb) {
    let app = TestApp::new(db);
    let unknown = app.mcp(Method::GET, "/.well-known/oauth-protected-resource");
    let unknown = unknown.header("host", "evil.example").await.expect(404);
    assert!(unknown.text("/detail").contains("MCP_PUBLIC_URL"));
    let knock = app.mcp(Method::POST, "/mcp").header("host", "evil.example").await.expect(401);
    assert_eq!(knock.header("www-authenticate"), "Bearer");
    let page = app.mcp(Method::GET, "/oauth/authorize?x=1").header("host", "evil.example");
    page.await.expect(404);

    let app = TestApp::with(db, |_, api| api.mcp_public_url = Some("https://desk.example".into()));
    let server = app.mcp(Method::GET, "/.well-known/oauth-authorization-server");
    let server = server.header("host", "10.0.0.7:8001").await.expect(200).body;
    assert_eq!(server["issuer"], "https://desk.example");
    app.login_as(Role::User, "user@example.com").await;
    let login = [("email", "user@example.com"), ("password", PASSWORD)];
    let entered = press(&app, "", "/oauth/login", &login).await.expect(303);
    let cookie = entered.header("set-cookie").to_owned();
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/oauth"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    // What is given for one address does not serve at another.
    let client = register(&app, REDIRECT).await;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let there = "https://desk.example/mcp";
    let pairs = asked(&client, &[("resource", there)]);
    let page = allow(&app, &cookie, &pairs, &["tickets:read"]).await.expect(200);
    let address = sent_to(&page);
    assert!(address.ends_with("&iss=https%3A%2F%2Fdesk.example"), "{address}");
    let code = between(&address, "code=", "&");
    let tokens = exchange(&app, &client, &code, &[("resource", there)]).await.expect(200);
    let token = tokens.text("/access_token");
    assert!(opens(&app, &token).await);
    assert!(!opens(&TestApp::new(db), &token).await, "for http://localhost/mcp it is not");
}

async fn a_person_lets_a_program_in(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let client = register(&app, REDIRECT).await;
    let pairs =
        asked(&client, &[("scope", "tickets:read tickets:write files:read offline_access")]);
    let query = format!("/oauth/authorize?{}", encode(&pairs));
    let login = html(&get(&app, &query).await.expect(200));
    assert!(login.contains("name=\"password\""), "{login}");
    assert_eq!(between(&login, "name=\"next\" value=\"", "\""), query);
    let entry = [("email", "user@example.com"), ("password", PASSWORD), ("next", query.as_str())];
    let entered = press(&app, "", "/oauth/login", &entry).await.expect(303);
    assert_eq!(entered.header("location"), query);
    let cookie = entered.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    assert!(!entered.header("set-cookie").contains("Secure"), "it came by plain HTTP");

    let page = question(&app, &cookie, &pairs).await.expect(200);
    let text = html(&page);
    for part in
        ["Desk Pal", "this computer (127.0.0.1)", "user@example.com", "make and change tickets"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("type=\"checkbox\"").count(), 3, "{text}");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-frame-options"), "DENY");

    // Of three, one is unticked.
    let done = allow(&app, &cookie, &pairs, &["tickets:read", "files:read"]).await.expect(200);
    let address = sent_to(&done);
    let expected = format!("{REDIRECT}?code=atcc_");
    assert!(address.starts_with(&expected), "{address}");
    assert!(address.ends_with("&state=s+t%26te&iss=http%3A%2F%2Flocalhost"), "{address}");
    let code = between(&address, "code=", "&");
    let tokens = exchange(&app, &client, &code, &[]).await.expect(200);
    assert_eq!(tokens.header("cache-control"), "no-store");
    assert_eq!(tokens.text("/scope"), "tickets:read files:read");
    assert_eq!(tokens.text("/token_type"), "Bearer");
    assert_eq!(tokens.body["expires_in"], 900);

    let token = tokens.text("/access_token");
    let names = mcp::tool_names(&app, &token).await;
    assert!(names.contains(&"list_tickets".to_owned()), "{names:?}");
    assert!(!names.contains(&"create_ticket".to_owned()), "{names:?}");
    mcp::given(&app, &token, "list_tickets", json!({})).await;
    let new = json!({"title": "Login fails", "description": "Since noon."});
    let refused = mcp::refused(&app, &token, "create_ticket", new).await;
    assert!(refused.contains("This access lacks the scope tickets:write"), "{refused}");
    // It is for the MCP server, and not for the API.
    app.get("/tickets").bearer(&token).await.expect(401);
    app.clock.advance(TimeDelta::seconds(900));
    assert!(!opens(&app, &token).await);
}

async fn a_person_says_no(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (client, cookie) = (register(&app, REDIRECT).await, log_in(&app, "user@example.com").await);
    let mut pairs = asked(&client, &[]);
    pairs.extend([("allow", "tickets:read"), ("decision", "deny")]);
    let page = press(&app, &cookie, "/oauth/authorize", &pairs).await.expect(200);
    let address = sent_to(&page);
    let expected =
        format!("{REDIRECT}?error=access_denied&state=s+t%26te&iss=http%3A%2F%2Flocalhost");
    assert_eq!(address, expected);
    assert!(html(&page).contains("Nothing was allowed"));
}

async fn tokens_are_renewed_once_each(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let first = let_in(&app, "user@example.com", &["tickets:read", "files:read"]).await;
    app.clock.advance(TimeDelta::minutes(10));
    let next = refresh(&app, &first.client, &first.refresh, &[("resource", RESOURCE)]).await;
    let next = next.expect(200);
    assert_ne!(next.text("/refresh_token"), first.refresh);
    assert!(opens(&app, &next.text("/access_token")).await);
    let second = next.text("/refresh_token");
    let less = refresh(&app, &first.client, &second, &[("scope", "files:read")]).await.expect(200);
    assert_eq!(less.text("/scope"), "files:read");
    let names = mcp::tool_names(&app, &less.text("/access_token")).await;
    assert!(!names.contains(&"list_tickets".to_owned()), "{names:?}");

    // Two requests may race for a moment.
    let newest = less.text("/refresh_token");
    let raced = refresh(&app, &first.client, &second, &[]).await.expect(200);
    assert_eq!(raced.text("/refresh_token"), newest);
    // Who comes with one that served long ago holds a copy: all ends.
    app.clock.advance(TimeDelta::seconds(11));
    let copy = refresh(&app, &first.client, &first.refresh, &[]).await;
    assert_eq!(refusal(copy), "invalid_grant");
    assert_eq!(refusal(refresh(&app, &first.client, &newest, &[]).await), "invalid_grant");
    assert!(!opens(&app, &less.text("/access_token")).await);

    let again = let_in(&app, "user@example.com", &["tickets:read"]).await;
    app.clock.advance(TimeDelta::days(14));
    assert_eq!(refusal(refresh(&app, &again.client, &again.refresh, &[]).await), "invalid_grant");
}

async fn people_see_and_end_what_they_let(db: &TestDb) {
    let app = TestApp::new(db);
    let user = app.login_as(Role::User, "user@example.com").await;
    let other = app.login_as(Role::User, "other@example.com").await;
    let one = let_in(&app, "user@example.com", &["tickets:read"]).await;
    app.clock.advance(TimeDelta::seconds(1));
    let two = let_in(&app, "user@example.com", &["files:read"]).await;
    let listed = app.get("/auth/grants").bearer(&user).await.expect(200);
    let item = &listed.body["items"][0];
    assert_eq!(item["client_name"], "Desk Pal");
    assert_eq!(item["client_id"], one.client);
    assert_eq!(item["client_place"], "this computer (127.0.0.1)");
    assert_eq!(item["resource"], RESOURCE);
    assert_eq!(item["scopes"], json!(["tickets:read"]));
    let (first, second) = (listed.text("/items/0/id"), listed.text("/items/1/id"));

    let at = |id: &str| format!("/auth/grants/{id}");
    app.delete(&at(&first)).bearer(&other).await.expect(404);
    assert_eq!(app.get("/auth/grants").bearer(&other).await.expect(200).body["items"], json!([]));
    assert!(opens(&app, &one.access).await);
    app.delete(&at(&first)).bearer(&user).await.expect(204);
    assert!(!opens(&app, &one.access).await && opens(&app, &two.access).await);
    assert_eq!(refusal(refresh(&app, &one.client, &one.refresh, &[]).await), "invalid_grant");
    app.delete(&at(&first)).bearer(&user).await.expect(404);

    // The same on the page.
    assert!(html(&get(&app, "/oauth/grants").await.expect(200)).contains("name=\"password\""));
    let cookie = log_in(&app, "user@example.com").await;
    let page = get(&app, "/oauth/grants").header("cookie", &cookie).await.expect(200);
    assert!(html(&page).contains("Desk Pal") && html(&page).contains("read and download"));
    let end = format!("/oauth/grants/{second}/end");
    let strangers = log_in(&app, "other@example.com").await;
    press(&app, &strangers, &end, &[]).await.expect(404);
    press(&app, &cookie, &end, &[]).await.expect(303);
    assert!(!opens(&app, &two.access).await);
    let page = get(&app, "/oauth/grants").header("cookie", &cookie).await.expect(200);
    assert!(html(&page).contains("No program may act for you"));
}

async fn a_program_gives_back_what_it_has(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let back = |token: &str, client: &str| {
        send(&app, "/oauth/revoke", &[("token", token), ("client_id", client)])
    };
    for kind in ["refresh", "access"] {
        let program = let_in(&app, "user@example.com", &["tickets:read"]).await;
        let token = if kind == "access" { &program.access } else { &program.refresh };
        assert_eq!(refusal(back(token, "another").await), "invalid_client");
        assert!(opens(&app, &program.access).await);
        back(token, &program.client).await.expect(200);
        assert!(!opens(&app, &program.access).await, "{kind}");
        back(token, &program.client).await.expect(200);
    }
    back("nonsense", "another").await.expect(200);
    assert_eq!(refusal(send(&app, "/oauth/revoke", &[]).await), "invalid_request");
}

async fn what_was_let_ends_with_the_person(db: &TestDb) {
    let app = TestApp::new(db);
    let admin = app.login_as(Role::Admin, "admin@example.com").await;
    for (n, ending) in ["is_active", "role", "password", "operator"].into_iter().enumerate() {
        let email = format!("agent{n}@example.com");
        let agent = app.login_as(Role::Agent, &email).await;
        let id = crate::fixtures::user_id(&app, &agent).await;
        let program = let_in(&app, &email, &["tickets:read"]).await;
        let cookie = log_in(&app, &email).await;
        let pending = code(&app, &cookie, &program.client, &["tickets:read"]).await;
        assert!(opens(&app, &program.access).await);
        let change = match ending {
            "is_active" => json!({"is_active": false}),
            "role" => json!({"role": "user"}),
            _ => json!({"current_password": PASSWORD, "password": "another correct horse"}),
        };
        match ending {
            "password" => {
                app.patch("/auth/me").bearer(&agent).json(&change).await.expect(200);
            }
            "operator" => {
                let email = Email::parse(&email).expect("an address");
                app.app.set_role_as_operator(&email, Role::User).await.expect("demoted");
            }
            _ => {
                let at = format!("/users/{id}");
                app.patch(&at).bearer(&admin).json(&change).await.expect(200);
            }
        }
        assert!(!opens(&app, &program.access).await, "{ending}");
        let again = refresh(&app, &program.client, &program.refresh, &[]).await;
        assert_eq!(refusal(again), "invalid_grant", "{ending}");
        let late = exchange(&app, &program.client, &pending, &[]).await;
        assert_eq!(refusal(late), "invalid_grant", "{ending}");
    }
    // Who becomes more does not lose it, nor does the program gain.
    app.login_as(Role::User, "rising@example.com").await;
    let program = let_in(&app, "rising@example.com", &["tickets:read"]).await;
    let email = Email::parse("rising@example.com").expect("an address");
    app.app.set_role_as_operator(&email, Role::Admin).await.expect("promoted");
    let names = mcp::tool_names(&app, &program.access).await;
    assert!(!names.contains(&"list_integrations".to_owned()), "{names:?}");
}

async fn who_lacks_a_scope_is_told_which(db: &TestDb) {
    let app = TestApp::new(db);
    let person = app.login_as(Role::User, "user@example.com").await;
    let program = let_in(&app, "user@example.com", &["tickets:read"]).await;
    let call = |name: &str, token: &str| {
        let params = json!({
            "name": name, "arguments": {"title": "x", "description": "y"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {}
            }
        });
        app.mcp(Method::POST, "/mcp")
            .bearer(token)
            .header("host", HOST)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", name)
            .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}))
    };
    let answer = call("create_ticket", &program.access).await.expect(403);
    let challenge = answer.header("www-authenticate").to_owned();
    for part in ["error=\"insufficient_scope\"", "scope=\"tickets:write\"", "resource_metadata=\""]
    {
        assert!(challenge.contains(part), "{part}: {challenge}");
    }
    // More scopes would not help where the role is too low; and others know their tokens.
    for (name, token) in [
        ("list_integrations", &program.access),
        ("list_tickets", &program.access),
        ("create_ticket", &person),
    ] {
        call(name, token).await.expect(200);
    }
}
