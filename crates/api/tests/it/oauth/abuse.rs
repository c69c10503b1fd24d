//! What must not work.

use atc_core::user::Role;
use atc_testkit::{PASSWORD, TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use http::Method;
use serde_json::json;

use super::{
    HOST, REDIRECT, RESOURCE, VERIFIER, allow, asked, between, code, encode, exchange, html,
    let_in, log_in, opens, press, question, refresh, refusal, register, send, sent_to,
};

on_both_engines!(
    a_code_serves_once_and_its_second_use_ends_what_it_gave,
    a_code_serves_who_asked_for_it,
    without_a_challenge_of_sha_256_nothing_is_asked,
    answers_lead_only_where_the_program_said,
    nobody_is_led_elsewhere_without_pressing,
    scopes_are_never_widened,
    a_token_of_one_program_is_not_another_ones,
    pages_of_others_press_nothing,
    a_login_is_tried_a_few_times,
    what_a_program_calls_itself_is_text,
    requests_for_tokens_are_read_strictly,
);

async fn a_code_serves_once_and_its_second_use_ends_what_it_gave(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (client, cookie) = (register(&app, REDIRECT).await, log_in(&app, "user@example.com").await);
    let code = code(&app, &cookie, &client, &["tickets:read"]).await;
    let tokens = exchange(&app, &client, &code, &[]).await.expect(200);
    let access = tokens.text("/access_token");
    assert!(opens(&app, &access).await);
    assert_eq!(refusal(exchange(&app, &client, &code, &[]).await), "invalid_grant");
    assert!(!opens(&app, &access).await);
    let renewed = refresh(&app, &client, &tokens.text("/refresh_token"), &[]).await;
    assert_eq!(refusal(renewed), "invalid_grant");
}

async fn a_code_serves_who_asked_for_it(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (client, other) = (register(&app, REDIRECT).await, register(&app, REDIRECT).await);
    let cookie = log_in(&app, "user@example.com").await;
    let near = VERIFIER.replace('k', "j");
    let long = "x".repeat(129);
    for (change, expected) in [
        (("code_verifier", near.as_str()), "invalid_grant"),
        (("code_verifier", "short"), "invalid_grant"),
        (("code_verifier", &long), "invalid_grant"),
        (("code_verifier", ""), "invalid_request"),
        (("client_id", &other), "invalid_grant"),
        (("client_id", ""), "invalid_request"),
        (("redirect_uri", "http://127.0.0.1:4712/callback"), "invalid_grant"),
        (("redirect_uri", "https://evil.example/"), "invalid_grant"),
        (("resource", "https://evil.example/mcp"), "invalid_target"),
        (("code", ""), "invalid_request"),
        (("code", "atcc_AAAA"), "invalid_grant"),
    ] {
        let code = code(&app, &cookie, &client, &["tickets:read"]).await;
        let refused = refusal(exchange(&app, &client, &code, &[change]).await);
        assert_eq!(refused, expected, "{change:?}");
        if expected == "invalid_grant" && change.0 != "code" {
            // Whoever had it in their hands, it serves no more.
            let right = exchange(&app, &client, &code, &[]).await;
            assert_eq!(refusal(right), "invalid_grant", "{change:?}");
        } else {
            exchange(&app, &client, &code, &[]).await.expect(200);
        }
    }
    let late = code(&app, &cookie, &client, &["tickets:read"]).await;
    app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(refusal(exchange(&app, &client, &late, &[]).await), "invalid_grant");
    // Who does not name what it named before is still the one who knows the verifier (OAuth 2.1, 10.2).
    let code = code(&app, &cookie, &client, &["tickets:read"]).await;
    exchange(&app, &client, &code, &[("redirect_uri", ""), ("resource", "")]).await.expect(200);
}

async fn without_a_challenge_of_sha_256_nothing_is_asked(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (client, cookie) = (register(&app, REDIRECT).await, log_in(&app, "user@example.com").await);
    for (change, error) in [
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "c2hvcnQ"), "invalid_request"),
        (("code_challenge", VERIFIER.trim_end_matches('k')), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("resource", "https://evil.example/mcp"), "invalid_target"),
        (("resource", "http://localhost/"), "invalid_target"),
        (("scope", "openid profile"), "invalid_scope"),
    ] {
        let pairs = asked(&client, &[change]);
        for page in [
            question(&app, &cookie, &pairs).await,
            allow(&app, &cookie, &pairs, &["tickets:read"]).await,
        ] {
            let text = html(&page.expect(400));
            assert!(text.contains("This cannot be asked"), "{change:?}: {text}");
            // The person may let the program know, and is not led there unasked.
            let link = between(&text, "id=\"back\" href=\"", "\"");
            let expected = format!("{REDIRECT}?error={error}&error_description=");
            assert!(link.starts_with(&expected), "{change:?}: {link}");
            assert!(link.ends_with("&state=s+t%26te&iss=http%3A%2F%2Flocalhost"), "{link}");
            assert!(!text.contains("http-equiv=\"refresh\"") && !text.contains("<form"), "{text}");
        }
    }
}

async fn answers_lead_only_where_the_program_said(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let cookie = log_in(&app, "user@example.com").await;
    let client = register(&app, "https://app.example/cb").await;
    let here = register(&app, REDIRECT).await;
    for (client, redirect) in [
        (&*client, "https://evil.example/cb"),
        (&client, "https://app.example/cb/../evil"),
        (&client, "https://app.example/cb?next=evil"),
        (&client, "https://app.example.evil.example/cb"),
        (&client, "https://app.example@evil.example/cb"),
        (&client, "https://app.example:8443/cb"),
        (&client, "http://app.example/cb"),
        (&client, "https://app.example/cb#x"),
        (&client, "//evil.example/cb"),
        (&client, "javascript:alert(1)"),
        (&here, "http://127.0.0.1:4711/other"),
        (&here, "http://localhost:4711/callback"),
        (&here, "http://evil.example:4711/callback"),
        ("no-such-program", REDIRECT),
        ("https://127.0.0.1.evil.invalid/client.json", REDIRECT),
    ] {
        let pairs = asked(client, &[("redirect_uri", redirect)]);
        for page in [
            question(&app, &cookie, &pairs).await,
            allow(&app, &cookie, &pairs, &["tickets:read"]).await,
        ] {
            let text = html(&page.expect(400));
            assert!(!text.contains("evil.example/") && !text.contains("href=\"http"), "{text}");
            assert!(!text.contains("http-equiv=\"refresh\"") && !text.contains("<form"), "{text}");
        }
    }
    // Twice is not once.
    let mut twice = asked(&here, &[]);
    twice.push(("redirect_uri", "https://evil.example/"));
    question(&app, &cookie, &twice).await.expect(400);
    // Another port of this computer is the same program; none named is the only one known.
    let port = asked(&here, &[("redirect_uri", "http://127.0.0.1:9999/callback")]);
    let page = allow(&app, &cookie, &port, &["tickets:read"]).await.expect(200);
    assert!(sent_to(&page).starts_with("http://127.0.0.1:9999/callback?code="));
    question(&app, &cookie, &asked(&here, &[("redirect_uri", "")])).await.expect(200);
}

async fn nobody_is_led_elsewhere_without_pressing(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let cookie = log_in(&app, "user@example.com").await;
    let client = register(&app, "https://evil.example/phish").await;
    let redirect = ("redirect_uri", "https://evil.example/phish");
    for change in [("scope", "tickets:read"), ("scope", "nonsense"), ("response_type", "x")] {
        let page = question(&app, &cookie, &asked(&client, &[redirect, change])).await;
        assert!(!page.status.is_redirection() && page.header("location").is_empty());
        assert!(!html(&page).contains("http-equiv=\"refresh\""));
    }
    // Nor by the login.
    for next in ["https://evil.example/", "//evil.example", "/oauth/authorize?\u{0}", "/mcp"] {
        let pairs = [("email", "user@example.com"), ("password", PASSWORD), ("next", next)];
        let entered = press(&app, "", "/oauth/login", &pairs).await.expect(303);
        assert_eq!(entered.header("location"), "/oauth/grants", "{next}");
    }
}

async fn scopes_are_never_widened(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    app.login_as(Role::Admin, "admin@example.com").await;
    let (client, cookie) = (register(&app, REDIRECT).await, log_in(&app, "user@example.com").await);
    // What the program did not ask for, what is of no use to a person of this role, and nothing.
    let all = "tickets:read knowledge:write admin";
    for (asked_for, chosen) in [
        ("tickets:read", vec!["tickets:write"]),
        ("tickets:read", vec!["tickets:read", "admin"]),
        (all, vec!["admin"]),
        (all, vec!["tickets:read", "knowledge:write"]),
        (all, vec![]),
        (all, vec!["nonsense"]),
    ] {
        let pairs = asked(&client, &[("scope", asked_for)]);
        let page = allow(&app, &cookie, &pairs, &chosen).await.expect(400);
        let text = html(&page);
        assert!(text.contains("Choose at least one") && text.contains("checkbox"), "{text}");
        assert!(!text.contains("http-equiv=\"refresh\""), "{text}");
    }
    let offered =
        html(&question(&app, &cookie, &asked(&client, &[("scope", all)])).await.expect(200));
    assert_eq!(offered.matches("checkbox").count(), 1, "{offered}");
    let none =
        html(&question(&app, &cookie, &asked(&client, &[("scope", "admin")])).await.expect(200));
    assert!(none.contains("You may nothing") && !none.contains("value=\"allow\""), "{none}");

    let cookie = log_in(&app, "admin@example.com").await;
    let offered =
        html(&question(&app, &cookie, &asked(&client, &[("scope", all)])).await.expect(200));
    assert_eq!(offered.matches("checkbox").count(), 3, "{offered}");
    let ticked = offered.matches(" checked>").count();
    assert_eq!(ticked, 2, "an administrator's whole power is not ticked beforehand: {offered}");

    let program = let_in(&app, "admin@example.com", &["tickets:write"]).await;
    for more in ["admin", "tickets:write files:read"] {
        let wider = refresh(&app, &program.client, &program.refresh, &[("scope", more)]).await;
        assert_eq!(refusal(wider), "invalid_scope", "{more}");
    }
    let narrower = refresh(&app, &program.client, &program.refresh, &[("scope", "tickets:read")]);
    let narrower = narrower.await.expect(200);
    let names = crate::mcp::tool_names(&app, &narrower.text("/access_token")).await;
    assert!(!names.contains(&"create_ticket".to_owned()), "{names:?}");
    // With every scope, a program still neither makes tokens nor lets others in.
    let whole = let_in(&app, "admin@example.com", &["admin"]).await;
    let names = crate::mcp::tool_names(&app, &whole.access).await;
    assert!(names.contains(&"list_integrations".to_owned()), "{names:?}");
    for path in ["/tokens", "/auth/grants", "/tickets", "/users"] {
        app.get(path).bearer(&whole.access).await.expect(401);
    }
    let socket = app.post("/auth/ws-ticket").bearer(&whole.access);
    socket.await.expect(401);
}

async fn a_token_of_one_program_is_not_another_ones(db: &TestDb) {
    let app = TestApp::new(db);
    let login = app.login_as(Role::User, "user@example.com").await;
    let one = let_in(&app, "user@example.com", &["tickets:read"]).await;
    let other = register(&app, REDIRECT).await;
    assert_eq!(refusal(refresh(&app, &other, &one.refresh, &[]).await), "invalid_grant");
    let elsewhere =
        refresh(&app, &one.client, &one.refresh, &[("resource", "https://evil.example/")]);
    assert_eq!(refusal(elsewhere.await), "invalid_target");
    let moved = [
        ("grant_type", "refresh_token"),
        ("client_id", &*one.client),
        ("refresh_token", &*one.refresh),
    ];
    let moved = app
        .mcp(Method::POST, "/oauth/token")
        .header("host", "127.0.0.1")
        .raw("application/x-www-form-urlencoded", encode(&moved));
    assert_eq!(refusal(moved.await), "invalid_grant", "it was for another address");
    for token in [&login, "atr_AAAA", "atg_AAAA", ""] {
        let refused = refusal(refresh(&app, &one.client, token, &[]).await);
        assert!(["invalid_grant", "invalid_request"].contains(&&*refused), "{refused}");
    }
    // None of that cost the right one anything.
    refresh(&app, &one.client, &one.refresh, &[("resource", RESOURCE)]).await.expect(200);
    let session = app.post("/auth/refresh").json(&json!({"refresh_token": one.refresh}));
    session.await.expect(401);
    // Neither a refresh token nor a code opens the door.
    for token in [&one.refresh, "atcc_AAAA"] {
        assert!(!opens(&app, token).await);
    }
}

async fn pages_of_others_press_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let (client, cookie) = (register(&app, REDIRECT).await, log_in(&app, "user@example.com").await);
    let mut pairs = asked(&client, &[]);
    pairs.extend([("allow", "tickets:read"), ("decision", "allow")]);
    let plain = || send(&app, "/oauth/authorize", &pairs).header("cookie", &cookie);
    for call in [
        plain(),
        plain().header("origin", "http://evil.example"),
        plain().header("origin", "null"),
        plain().header("sec-fetch-site", "cross-site"),
        plain().header("sec-fetch-site", "same-site"),
        plain().header("sec-fetch-site", "none"),
    ] {
        let text = html(&call.await.expect(403));
        assert!(text.contains("did not come from a page of this server"), "{text}");
    }
    let login = [("email", "user@example.com"), ("password", PASSWORD)];
    let foreign = send(&app, "/oauth/login", &login).header("origin", "http://evil.example");
    assert!(foreign.await.expect(403).header("set-cookie").is_empty());
    // By GET nothing is decided, and without a login nobody decides.
    let query = format!("/oauth/authorize?{}", encode(&pairs));
    let shown = super::get(&app, &query).header("cookie", &cookie).await.expect(200);
    assert!(!html(&shown).contains("http-equiv=\"refresh\""));
    press(&app, "", "/oauth/authorize", &pairs).await.expect(401);
    press(&app, "atc_oauth=atr_AAAA", "/oauth/authorize", &pairs).await.expect(401);
    app.clock.advance(TimeDelta::hours(1));
    press(&app, &cookie, "/oauth/authorize", &pairs).await.expect(401);
    let own = plain().header("origin", &format!("http://{HOST}"));
    own.await.expect(401);
}

async fn a_login_is_tried_a_few_times(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 3);
    app.login_as(Role::User, "user@example.com").await;
    let enter = |password| {
        press(&app, "", "/oauth/login", &[("email", "user@example.com"), ("password", password)])
    };
    for _ in 0..2 {
        let text = html(&enter("a wrong password").await.expect(401));
        assert!(text.contains("The e-mail or the password is wrong."), "{text}");
        assert!(text.contains("value=\"user@example.com\"") && !text.contains("a wrong password"));
    }
    // The login of the test itself was the first of three.
    let refused = enter(PASSWORD).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
}

async fn what_a_program_calls_itself_is_text(db: &TestDb) {
    let app = TestApp::new(db);
    app.login_as(Role::User, "user@example.com").await;
    let cookie = log_in(&app, "user@example.com").await;
    let script = "<script>alert(1)</script>\"'><img src=x>";
    let body = json!({"client_name": script, "redirect_uris": [REDIRECT]});
    let call = app.mcp(Method::POST, "/oauth/register").header("host", HOST);
    let client = call.json(&body).await.expect(201).text("/client_id");
    let state = ("state", "\"><script>alert(2)</script>");
    let pairs = asked(&client, &[state]);
    let pages = [
        question(&app, &cookie, &pairs).await.expect(200),
        allow(&app, &cookie, &pairs, &["tickets:read"]).await.expect(200),
        allow(&app, &cookie, &pairs, &[]).await.expect(400),
        question(&app, &cookie, &asked(&client, &[state, ("scope", "x")])).await.expect(400),
        question(&app, "", &pairs).await.expect(200),
    ];
    for page in pages {
        let text = html(&page);
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(!page.header("content-security-policy").contains("unsafe"));
    }
}

async fn requests_for_tokens_are_read_strictly(db: &TestDb) {
    let app = TestApp::new(db);
    let token = |pairs: &[(&str, &str)]| send(&app, "/oauth/token", pairs);
    assert_eq!(refusal(token(&[]).await), "invalid_request");
    let client = ("client_id", "x");
    assert_eq!(refusal(token(&[client]).await), "unsupported_grant_type");
    for grant in ["password", "client_credentials", "implicit", ""] {
        let refused = refusal(token(&[client, ("grant_type", grant)]).await);
        assert_eq!(refused, "unsupported_grant_type", "{grant}");
    }
    let twice = [client, client, ("grant_type", "authorization_code")];
    assert_eq!(refusal(token(&twice).await), "invalid_request");
    let large = [("grant_type", "authorization_code"), ("code", &*"x".repeat(20_000))];
    token(&large).await.expect(400);
    app.mcp(Method::GET, "/oauth/token").header("host", HOST).await.expect(405);
}
