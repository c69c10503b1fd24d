//! What the adapter adds to a provider's call: to its whole answer, and to its first word.
//!
//!     cargo run --release -p atc-llm --example overhead
//!
//! A server of this process answers at once. The same answer is fetched bare, by the same HTTP client, and
//! through the adapter, in turn.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use atc_core::{
    agent::{Provider, ProviderKind, ProviderName},
    chat::{ChatMessage, ChatRequest},
    ports::ChatModels,
};
use atc_llm::Providers;
use atc_net::Direct;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How often each is measured.
const TIMES: usize = 2_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let address = server().await;
    let provider = Provider {
        name: ProviderName::parse("stub").unwrap(),
        kind: ProviderKind::Compatible,
        base_url: Some(format!("http://{address}/v1")),
        key: None,
        timeout: Duration::from_secs(5),
        max_retries: 0,
        max_concurrent: 1,
        redact: false,
    };
    let model = Providers::default().connect(&provider, None).unwrap();
    let request = ChatRequest {
        model: "m".to_owned(),
        system: "You sort tickets. ".repeat(100),
        messages: vec![ChatMessage::User("The printer eats paper. ".repeat(100))],
        tools: Vec::new(),
        schema: None,
        max_tokens: 500,
        temperature: None,
    };
    let direct = Direct::new(Duration::from_secs(5)).unwrap();
    let url = Direct::address(&format!("http://{address}/v1/chat/completions")).unwrap();
    let body = |stream: bool| {
        let text = "The printer eats paper. ".repeat(180);
        json!({ "stream": stream, "messages": [text] }).to_string()
    };
    let mut took: [Vec<Duration>; 4] = Default::default();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let mut answer = direct.post(&url, &[], body(false).into()).await.unwrap();
        while answer.piece().await.unwrap().is_some() {}
        took[0].push(begun.elapsed());

        let begun = Instant::now();
        model.chat(&request, provider.timeout, None).await.unwrap();
        took[1].push(begun.elapsed());

        let begun = Instant::now();
        let mut answer = direct.post(&url, &[], body(true).into()).await.unwrap();
        answer.piece().await.unwrap();
        took[2].push(begun.elapsed());
        while answer.piece().await.unwrap().is_some() {}

        let begun = Instant::now();
        let mut first = None;
        let mut tell = |_: &str| {
            first.get_or_insert_with(|| begun.elapsed());
        };
        model.chat(&request, provider.timeout, Some(&mut tell)).await.unwrap();
        took[3].push(first.unwrap());
    }
    let names = ["whole, bare", "whole, adapter", "first piece, bare", "first word, adapter"];
    for (name, mut took) in names.into_iter().zip(took) {
        took.sort_unstable();
        let at = |percent: usize| took[TIMES * percent / 100].as_secs_f64() * 1_000.0;
        println!("{name:20} p50 {:.3} ms, p95 {:.3} ms", at(50), at(95));
    }
}

async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the program")]
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(socket));
        }
    });
    address
}

async fn serve(mut socket: TcpStream) {
    socket.set_nodelay(true).unwrap();
    let whole = whole();
    let streamed = streamed();
    let mut bytes = Vec::new();
    while socket.read_buf(&mut bytes).await.unwrap_or(0) > 0 {
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() < length.parse().unwrap() {
            continue;
        }
        let answer = if body.contains("\"stream\":true") { &streamed } else { &whole };
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        bytes.clear();
    }
}

fn whole() -> String {
    let message = json!({ "content": "It is the hardware. ".repeat(100) });
    let body = json!({ "choices": [{ "message": message, "finish_reason": "stop" }] }).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn streamed() -> String {
    let event = json!({ "choices": [{ "index": 0, "delta": { "content": "It is " } }] });
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let body =
        format!("data: {event}\n\n").repeat(300) + &format!("data: {end}\n\ndata: [DONE]\n\n");
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
