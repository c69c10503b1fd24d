//! The event log as a list and as a stream.

use atc_testkit::{TestDb, on_both_engines};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
};

use crate::{
    fixtures::{create_ticket, people},
    live::Live,
};

on_both_engines![the_log_is_a_list, the_log_is_a_stream_that_resumes];

async fn the_log_is_a_list(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    for n in 0..5 {
        create_ticket(&live.app, &people.user, &format!("t{n}")).await;
        create_ticket(&live.app, &people.agent, "not theirs").await;
    }
    let mut after = String::new();
    let mut titles = Vec::new();
    while titles.len() < 5 {
        let path = format!("/events?limit=2{after}");
        let page = live.app.get(&path).bearer(&people.user).await.expect(200);
        let items = page.body["items"].as_array().expect("items").clone();
        assert!(items.len() <= 2);
        assert_eq!(page.body["next_cursor"].is_string(), items.len() == 2);
        titles.extend(items.iter().map(|e| e["data"]["title"].clone()));
        after = format!("&after={}", page.text("/position"));
    }
    assert_eq!(titles, ["t0", "t1", "t2", "t3", "t4"]);
    live.app.get("/events?after=x").bearer(&people.user).await.expect(422);
    live.app.get("/events?limit=0").bearer(&people.user).await.expect(422);
    live.stop().await;
}

/// A stream of Server-Sent Events.
struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    async fn open(live: &Live, token: &str, more: &str) -> Self {
        let mut stream = TcpStream::connect(live.address).await.expect("a connection");
        let head = format!(
            "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Accept: text/event-stream\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next_line().await.expect("an answer").expect("a line");
        assert!(status.contains(" 200 "), "{status}");
        while lines.next_line().await.expect("a line").is_some_and(|line| !line.is_empty()) {}
        Self(lines)
    }

    /// The id and the data of the next event.
    async fn event(&mut self) -> (String, Value) {
        let mut id = String::new();
        loop {
            let line = self.0.next_line().await.expect("a line").expect("no end");
            if let Some(text) = line.strip_prefix("id: ") {
                text.clone_into(&mut id);
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(text).expect("JSON"));
            }
        }
    }
}

async fn the_log_is_a_stream_that_resumes(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    let mut stream = Stream::open(&live, &people.user, "").await;
    create_ticket(&live.app, &people.user, "one").await;
    let (id, told) = stream.event().await;
    assert_eq!((&told["data"]["title"], &told["id"]), (&"one".into(), &id.as_str().into()));
    drop(stream);
    create_ticket(&live.app, &people.user, "two").await;
    create_ticket(&live.app, &people.agent, "not theirs").await;
    create_ticket(&live.app, &people.user, "three").await;
    let resume = format!("Last-Event-ID: {id}\r\n");
    let mut stream = Stream::open(&live, &people.user, &resume).await;
    assert_eq!(stream.event().await.1["data"]["title"], "two");
    assert_eq!(stream.event().await.1["data"]["title"], "three");
    create_ticket(&live.app, &people.user, "four").await;
    assert_eq!(stream.event().await.1["data"]["title"], "four");
    // A stream ends with its session: its last chunk is an empty one.
    live.app.delete("/auth/logout").bearer(&people.user).await.expect(204);
    while stream.0.next_line().await.expect("a line").expect("an end") != "0" {}
    live.stop().await;
}
