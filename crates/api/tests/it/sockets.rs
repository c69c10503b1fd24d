//! Live updates over WebSockets, with a real client.

use atc_core::user::Role;
use atc_testkit::{TestDb, on_both_engines};
use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use serde_json::json;
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest};

use crate::{
    fixtures::{create_ticket, eventually, people, ticket, user_id},
    live::{Live, close_code, event},
};

on_both_engines![
    changes_are_told_in_order_to_those_who_may_see_them,
    what_was_missed_comes_first_and_once,
    three_ways_to_prove_oneself,
    a_ticket_serves_once,
    foreign_pages_are_refused,
    whoever_loses_access_is_cut_off,
    a_token_ends_and_so_does_its_socket,
    connections_have_a_limit,
    the_end_of_the_server_is_told,
];

async fn changes_are_told_in_order_to_those_who_may_see_them(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let other = live.app.login_as(Role::User, "other@example.com").await;
    let mut staff = live.follow("/ws/tickets", &people.agent).await;
    let mut mine = live.follow("/ws/tickets", &people.user).await;
    let mut theirs = live.follow("/ws/tickets", &other).await;

    let made = create_ticket(&live.app, &people.user, "Printer").await;
    let id = made.text("/id");
    let path = format!("/tickets/{id}");
    let comments = format!("{path}/comments");
    let open = json!({"status": "open"});
    live.app.patch(&path).bearer(&people.agent).json(&open).await.expect(200);
    let note = json!({"body": "secret", "internal": true});
    live.app.post(&comments).bearer(&people.agent).json(&note).await.expect(201);
    let answer = json!({"body": "Done"});
    live.app.post(&comments).bearer(&people.agent).json(&answer).await.expect(201);
    live.app.delete(&path).bearer(&people.agent).await.expect(204);

    let mut ids = Vec::new();
    let all = ["created", "updated", "commented", "commented", "deleted"];
    for wanted in all {
        let told = event(&mut staff).await;
        assert_eq!(told["type"], format!("ticket.{wanted}"), "{told}");
        assert_eq!(told["data"]["ticket_id"], id, "{told}");
        assert!(told["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
        ids.push(told["id"].as_str().expect("an id").to_owned());
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    for wanted in ["created", "updated", "commented", "deleted"] {
        let told = event(&mut mine).await;
        assert_eq!(told["type"], format!("ticket.{wanted}"), "{told}");
        assert!(!told.to_string().contains("secret"), "{told}");
    }
    // The first that the other one hears is their own.
    let own = create_ticket(&live.app, &other, "Own").await;
    let told = event(&mut theirs).await;
    assert_eq!(told["data"]["ticket_id"], own.text("/id"));
    assert_eq!(told["data"]["title"], "Own");
    assert_eq!(told["data"]["id"], own.text("/id"), "the ticket as a list shows it");
    live.stop().await;
}

async fn what_was_missed_comes_first_and_once(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let mut socket = live.follow("/ws/tickets", &people.agent).await;
    create_ticket(&live.app, &people.user, "seen").await;
    let last = event(&mut socket).await["id"].as_str().expect("an id").to_owned();
    socket.close(None).await.expect("closed");
    for n in 0..120 {
        create_ticket(&live.app, &people.user, &format!("missed {n}")).await;
    }
    let mut socket = live.follow(&format!("/ws/tickets?after={last}"), &people.agent).await;
    // While the log is read, more happens.
    for n in 120..140 {
        create_ticket(&live.app, &people.user, &format!("missed {n}")).await;
    }
    for n in 0..140 {
        assert_eq!(event(&mut socket).await["data"]["title"], format!("missed {n}"));
    }
    let bearer = format!("Bearer {}", people.agent);
    let malformed =
        live.open("/ws/tickets?after=yesterday", &[("authorization", bearer.as_str())]).await;
    assert_eq!(malformed.err(), Some(422));
    // From before everything: from the oldest that is kept. From the future: from now on.
    let first = format!("/ws/tickets?after={}", "0".repeat(32));
    let mut all = live.follow(&first, &people.agent).await;
    assert_eq!(event(&mut all).await["data"]["title"], "seen");
    let future = format!("/ws/tickets?after={}", "7fffffffffffffff".repeat(2));
    let mut next = live.follow(&future, &people.agent).await;
    create_ticket(&live.app, &people.user, "next").await;
    assert_eq!(event(&mut next).await["data"]["title"], "next");
    live.stop().await;
}

async fn three_ways_to_prove_oneself(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    assert_eq!(live.open("/ws/tickets", &[]).await.err(), Some(401));
    assert_eq!(live.open("/ws/tickets", &[("authorization", "Bearer no")]).await.err(), Some(401));
    live.follow("/ws/tickets", &people.user).await;
    let protocols = format!("bearer, {}", people.user);
    let header = ("sec-websocket-protocol", protocols.as_str());
    let mut socket = live.open("/ws/tickets", &[header]).await.expect("the socket opens");
    create_ticket(&live.app, &people.user, "heard").await;
    assert_eq!(event(&mut socket).await["data"]["title"], "heard");
    assert_eq!(
        live.open("/ws/tickets", &[("sec-websocket-protocol", "bearer, no")]).await.err(),
        Some(401)
    );
    let scoped = json!({"name": "files", "scopes": ["files:read"]});
    let token = live.app.post("/tokens").bearer(&people.user).json(&scoped).await.expect(201);
    let bearer = format!("Bearer {}", token.text("/token"));
    let by_token = [("authorization", bearer.as_str())];
    assert_eq!(live.open("/ws/tickets", &by_token).await.err(), Some(403));
    live.open("/ws/files", &by_token).await.expect("the scope serves here");
    live.stop().await;
}

async fn a_ticket_serves_once(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let issue = async || {
        let made = live.app.post("/auth/ws-ticket").bearer(&people.user).await.expect(201);
        assert_eq!(made.body["expires_in"], 30);
        format!("/ws/notifications?ticket={}", made.text("/ticket"))
    };
    let path = issue().await;
    let mut socket = live.open(&path, &[]).await.expect("the socket opens");
    assert_eq!(live.open(&path, &[]).await.err(), Some(401));
    let late = issue().await;
    live.app.clock.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(live.open(&late, &[]).await.err(), Some(401));
    // The socket belongs to the login for which the ticket was given.
    live.app.delete("/auth/logout").bearer(&people.user).await.expect(204);
    assert_eq!(close_code(&mut socket).await, 4401);
    live.stop().await;
}

async fn foreign_pages_are_refused(db: &TestDb) {
    let extension = "chrome-extension://abcdefghijklmnop";
    let live = Live::with(db, |_, api| {
        api.cors_allowed_origins = vec![HeaderValue::from_static(extension)];
    })
    .await;
    let people = people(&live.app).await;
    let bearer = format!("Bearer {}", people.user);
    let own = format!("http://{}", live.address);
    for (origin, refused) in [
        (own.as_str(), None),
        (extension, None),
        ("https://evil.example", Some(403)),
        ("null", Some(403)),
    ] {
        let headers = [("authorization", bearer.as_str()), ("origin", origin)];
        assert_eq!(live.open("/ws/tickets", &headers).await.err(), refused, "{origin}");
    }
    assert_eq!(
        live.open("/ws/tickets", &[("origin", "https://evil.example")]).await.err(),
        Some(403)
    );
    live.stop().await;
}

async fn whoever_loses_access_is_cut_off(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let mut other = live.follow("/ws/tickets", &people.admin).await;

    let mut socket = live.follow("/ws/tickets", &people.user).await;
    live.app.delete("/auth/logout").bearer(&people.user).await.expect(204);
    assert_eq!(close_code(&mut socket).await, 4401);

    let mut socket = live.follow("/ws/tickets", &people.agent).await;
    let agent = format!("/users/{}", user_id(&live.app, &people.agent).await);
    let demoted = json!({"role": "user"});
    live.app.patch(&agent).bearer(&people.admin).json(&demoted).await.expect(200);
    assert_eq!(close_code(&mut socket).await, 4401);

    let made = json!({"name": "CI", "scopes": ["tickets:read"]});
    let made = live.app.post("/tokens").bearer(&people.agent).json(&made).await.expect(201);
    let mut socket = live.follow("/ws/tickets", &made.text("/token")).await;
    let path = format!("/tokens/{}", made.text("/id"));
    live.app.delete(&path).bearer(&people.agent).await.expect(204);
    assert_eq!(close_code(&mut socket).await, 4401);

    let mut socket = live.follow("/ws/tickets", &people.agent).await;
    let inactive = json!({"is_active": false});
    live.app.patch(&agent).bearer(&people.admin).json(&inactive).await.expect(200);
    assert_eq!(close_code(&mut socket).await, 4401);

    create_ticket(&live.app, &people.admin, "nobody else feels it").await;
    assert_eq!(event(&mut other).await["type"], "ticket.created");
    live.stop().await;
}

async fn a_token_ends_and_so_does_its_socket(db: &TestDb) {
    let live = Live::with(db, |config, _| config.access_token_ttl_s = 1).await;
    let token = live.app.login_as(Role::User, "short@example.com").await;
    let mut socket = live.follow("/ws/tickets", &token).await;
    assert_eq!(close_code(&mut socket).await, 4401);
    live.stop().await;
}

async fn connections_have_a_limit(db: &TestDb) {
    let live = Live::with(db, |_, api| api.max_sockets_per_user = 2).await;
    let people = people(&live.app).await;
    let bearer = format!("Bearer {}", people.user);
    let mut first = live.follow("/ws/tickets", &people.user).await;
    let _second = live.follow("/ws/files", &people.user).await;
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(live.open("/ws/tickets", &headers).await.err(), Some(429));
    let _agent = live.follow("/ws/tickets", &people.agent).await;
    first.close(None).await.expect("closed");
    drop(first);
    while live.open("/ws/tickets", &headers).await.is_err() {
        tokio::task::yield_now().await;
    }
    live.stop().await;
}

async fn the_end_of_the_server_is_told(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let mut socket = live.follow("/ws/tickets", &people.user).await;
    let ended = async { close_code(&mut socket).await };
    let ((), code) = tokio::join!(live.stop(), ended);
    assert_eq!(code, 1001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_closed_and_nobody_else_feels_it() {
    const CHANGES: usize = 60;
    let db = TestDb::sqlite().await;
    let live = Live::start(&db).await;
    let people = people(&live.app).await;
    let mut big = ticket("big");
    // 200 KB as JSON: sixty of them are more than the system's buffers hold.
    big["description"] = json!("\u{1F600}".repeat(50_000));
    let made = live.app.post("/tickets").bearer(&people.user).json(&big).await.expect(201);
    let path = format!("/tickets/{}", made.text("/id"));

    let small = tokio::net::TcpSocket::new_v4().expect("a socket");
    small.set_recv_buffer_size(4096).expect("a small buffer");
    let stream = small.connect(live.address).await.expect("a connection");
    let url = format!("ws://{}/ws/tickets", live.address);
    let mut request = url.into_client_request().expect("a request");
    let bearer = format!("Bearer {}", people.agent).parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let (mut slow, _) = client_async(request, stream).await.expect("the socket opens");
    let mut quick = live.follow("/ws/tickets", &people.agent).await;

    for n in 0..CHANGES {
        let change = json!({"tags": [format!("n{n}")]});
        live.app.patch(&path).bearer(&people.agent).json(&change).await.expect(200);
        assert_eq!(event(&mut quick).await["data"]["tags"][0], format!("n{n}"));
    }
    // The quick one has read everything. The slow one begins to read when it is too late.
    eventually("the slow one is given up", async || {
        let counted = live.app.get("/metrics").bearer(&people.admin).await.expect(200);
        String::from_utf8_lossy(&counted.bytes).contains("sockets_closed_total{code=\"1013\"}")
    })
    .await;
    let mut heard = 0;
    let code = loop {
        match slow.next().await {
            Some(Ok(tokio_tungstenite::tungstenite::Message::Close(frame))) => {
                let _ = slow.flush().await;
                break frame.map(|f| u16::from(f.code));
            }
            Some(Ok(_)) => heard += 1,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, Some(1013));
    assert!(heard < CHANGES, "{heard}");
    live.stop().await;
    db.close().await;
}
