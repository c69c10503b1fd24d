//! Answers as a stream, over real sockets.

use atc_core::agent::AiSettings;
use atc_testkit::{TestDb, ai_settings, on_both_engines};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
};

use super::{calling, say};
use crate::{
    fixtures::{eventually, people},
    live::Live,
};

on_both_engines![a_stream_tells_and_ends_with_the_message, who_leaves_ends_the_work_on_the_answer,];

/// A streamed answer.
struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    async fn open(live: &Live, token: &str, body: &Value) -> Self {
        let body = body.to_string();
        let mut stream = TcpStream::connect(live.address).await.expect("a connection");
        let head = format!(
            "POST /api/v1/assistant/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.write_all(body.as_bytes()).await.expect("sent");
        Self(BufReader::new(stream).lines())
    }

    async fn head(&mut self) -> String {
        let mut head = String::new();
        loop {
            let line = self.0.next_line().await.expect("a line").expect("a head");
            if line.is_empty() {
                return head;
            }
            head.push_str(&line);
            head.push('\n');
        }
    }

    /// The name and the data of the next event; `None` at the end.
    async fn event(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let line = self.0.next_line().await.expect("a line")?;
            if let Some(text) = line.strip_prefix("event: ") {
                text.clone_into(&mut name);
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(text).expect("JSON")));
            } else if line == "0" {
                return None;
            }
        }
    }
}

async fn a_stream_tells_and_ends_with_the_message(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    live.app.with_agents(ai_settings(&["first"])).await;
    let model = &live.app.model;
    let ticket = json!({"title": "Gate", "description": "The gate is broken"});
    model.answer(Ok(calling(&[("create_ticket", ticket)])));
    model.say("I made it. See [S9] or https://evil.example/?d=1 now.");
    let body = json!({"message": "Create a ticket about the broken gate"});
    let mut stream = Stream::open(&live, &people.user, &body).await;
    let head = stream.head().await;
    assert!(head.contains(" 200 ") && head.contains("text/event-stream"), "{head}");
    let mut names = Vec::new();
    let mut words = String::new();
    let mut message = Value::Null;
    while let Some((name, data)) = stream.event().await {
        match name.as_str() {
            "delta" => words.push_str(data["text"].as_str().expect("text")),
            "message" => message = data,
            _ => {}
        }
        names.push(name);
    }
    names.dedup();
    assert_eq!(names, ["tool", "action", "delta", "message"]);
    assert_eq!(message["message"], words.trim(), "the words are those of the message");
    assert_eq!(message["message"], "I made it. See  or (link removed) now.");
    assert_eq!(message["actions"][0]["ticket"]["number"], 1);
    // A fault of the request is a plain problem, also for who wants a stream.
    let mut stream = Stream::open(&live, &people.user, &json!({"message": ""})).await;
    assert!(stream.head().await.contains(" 422 "));
    // Without a model it is one delta and the message.
    live.app.with_agents(AiSettings::default()).await;
    let body = json!({"message": "What about ticket 1?"});
    let mut stream = Stream::open(&live, &people.user, &body).await;
    stream.head().await;
    let (first, _) = stream.event().await.expect("words");
    let (last, message) = stream.event().await.expect("the message");
    assert_eq!((first.as_str(), last.as_str()), ("delta", "message"));
    assert!(message["message"].as_str().is_some_and(|m| m.contains("#1")), "{message}");
    assert_eq!(message["degraded"], false);
    live.stop().await;
}

async fn who_leaves_ends_the_work_on_the_answer(db: &TestDb) {
    let live = Live::start(db).await;
    let people = people(&live.app).await;
    live.app.with_agents(ai_settings(&["first"])).await;
    live.app.model.hang();
    for streamed in [true, false] {
        let before = live.app.model.dropped();
        let asked = live.app.model.asked().len();
        let body = json!({"message": "Are you there?"}).to_string();
        let accept = if streamed { "text/event-stream" } else { "application/json" };
        let mut stream = TcpStream::connect(live.address).await.expect("a connection");
        let request = format!(
            "POST /api/v1/assistant/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Accept: {accept}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            people.user,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        eventually("the model is asked", async || live.app.model.asked().len() > asked).await;
        drop(stream);
        eventually("the call is dropped", async || live.app.model.dropped() > before).await;
    }
    // The next message does not wait for the one that nobody wants any more.
    let list = live.app.get("/assistant/conversations").bearer(&people.user).await.expect(200);
    let id = list.body["items"][0]["id"].clone();
    live.app.with_agents(AiSettings::default()).await;
    let body = json!({"message": "Still here", "conversation_id": id});
    eventually("the turn is given up", async || {
        say(&live.app, &people.user, &body).await.status == 200
    })
    .await;
    live.stop().await;
}
