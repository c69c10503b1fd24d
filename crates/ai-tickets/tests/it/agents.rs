//! Agents of the built binary, with a provider on a port of the test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use crate::{
    files::admin,
    program::{Installation, eventually},
};

const TEXT: &str = "Our card was charged twice for invoice INV-20417, please refund one payment.";

/// A server that speaks as `OpenAI`'s API does, and says the same of every ticket.
struct Provider {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let counted = Arc::clone(&counted);
                thread::spawn(move || answer(stream.unwrap(), &counted));
            }
        });
        Self { address, asked }
    }
}

/// Answers each request of a connection.
fn answer(stream: TcpStream, asked: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let request: Value = serde_json::from_slice(&body).unwrap();
        asked.fetch_add(1, Ordering::SeqCst);
        let advice = json!({
            "title": "Charged twice", "category": "billing", "priority": "high", "team": null,
            "tags": [], "summary": "A card was charged twice for one invoice.",
            "suggested_reply": null, "reason": "It asks for a refund."
        });
        let text = json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": request["model"],
            "choices": [{
                "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": advice.to_string(), "refusal": null}
            }],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        })
        .to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        write!(writer, "{head} {}\r\n\r\n{text}", text.len()).unwrap();
    }
}

fn config(provider: &Provider, model: &str) -> String {
    format!(
        "ai_providers:\n  house:\n    kind: compatible\n    base_url: http://{}/v1\n\
         agents:\n  customer_support_agent:\n    model_provider: house\n    model_name: {model}\n",
        provider.address
    )
}

#[test]
fn a_file_names_the_models_and_is_read_again() {
    let provider = Provider::start();
    let installation = Installation::new().with("AI_CONFIG", "agents.yaml");
    installation.write("agents.yaml", &config(&provider, "one"));
    let server = installation.serve();
    let token = admin(&installation, &server);
    let make = || {
        let body = json!({"text": TEXT});
        let made = server.call("POST", "/tickets/ai", &token, Some(&body));
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    };
    let made = make();
    assert_eq!(made["title"], "Charged twice");
    assert_eq!(
        (&made["triage"]["provider"], &made["triage"]["model"]),
        (&json!("house"), &json!("one"))
    );

    installation.write("agents.yaml", &config(&provider, "two"));
    server.signal("HUP");
    eventually("the other model is asked", || make()["triage"]["model"] == "two");

    // What cannot be used changes nothing, and says so.
    installation.write("agents.yaml", "agents:\n  sales_agent: {}\n");
    let refused = server.call("POST", "/ai/config/reload", &token, None);
    assert_eq!(refused.status, 409, "{}", refused.body);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("agents.sales_agent") && !detail.contains("/agents"), "{detail}");
    assert_eq!(make()["triage"]["model"], "two");
    assert!(provider.asked.load(Ordering::SeqCst) >= 3);
}

#[test]
fn a_file_with_faults_stops_the_start() {
    let installation = Installation::new();
    installation.write("ai_config.yaml", "agents:\n  sales_agent: {}\nai_providers: {x: {}}\n");
    for command in [&["config", "check"][..], &["serve"]] {
        let said = installation.run(command);
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains("agents.sales_agent"), "{}", said.err);
        assert!(said.err.contains("ai_providers.x.kind"), "{}", said.err);
    }
    let named = Installation::new().with("AI_CONFIG", "missing.yaml").run(&["config", "check"]);
    assert!(named.err.contains("missing.yaml"), "{}", named.err);
}

#[test]
fn an_address_of_ones_own_is_enough() {
    let provider = Provider::start();
    let installation = Installation::new()
        .with("OPENAI_BASE_URL", &format!("http://{}/v1", provider.address))
        .with("OPENAI_MODEL", "house-model");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let body = json!({"text": TEXT});
    let made = server.call("POST", "/tickets/ai", &token, Some(&body));
    assert_eq!(made.body["triage"]["model"], "house-model", "{}", made.body);
}
