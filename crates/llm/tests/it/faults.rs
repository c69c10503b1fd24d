//! Whatever a provider does wrong, the right kind of failure is told in time.

use std::{sync::Arc, time::Duration};

use atc_core::{
    agent::{Provider, ProviderKind},
    chat::ChatErrorKind as Kind,
    ports::{ChatModels as _, EngineState},
};
use atc_llm::Providers;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    LONG, ask, bounds, chat, connect, key, provider,
    server::{Act, Server, answer, head, json},
};

const KINDS: [ProviderKind; 3] =
    [ProviderKind::OpenAi, ProviderKind::Anthropic, ProviderKind::Compatible];
const EVENTS: [(&str, &str); 1] = [("content-type", "text/event-stream")];
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The beginning of a stream, with one word of an answer.
fn begun(kind: ProviderKind) -> Vec<u8> {
    let events = if kind == ProviderKind::Anthropic {
        [
            json!({ "type": "message_start", "message": { "model": "m", "content": [] } }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Half" } }),
        ]
        .to_vec()
    } else {
        vec![json!({ "choices": [{ "index": 0, "delta": { "content": "Half" } }] })]
    };
    let events =
        events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat();
    (head(200, &EVENTS) + &events).into_bytes()
}

/// An answer of this API, whole.
fn good(kind: ProviderKind) -> Value {
    if kind == ProviderKind::Anthropic {
        json!({ "type": "message", "content": [{ "type": "text", "text": "Yes." }], "stop_reason": "end_turn" })
    } else {
        json!({ "choices": [{ "message": { "content": "Yes." }, "finish_reason": "stop" }] })
    }
}

/// What goes wrong, what is told of it, and whether a word came before.
fn scripts(kind: ProviderKind) -> Vec<(&'static str, Vec<Act>, Kind, bool)> {
    let events = |text: &str| answer(200, &EVENTS, text);
    let told = |error: &str, status: u16| {
        json(status, &json!({ "error": { "type": error, "message": "Alas." } }))
    };
    let then = |act: Act| vec![Act::Send(begun(kind)), act];
    let endless = |head: String| vec![Act::Send(head.into_bytes()), Act::Endless(vec![b' '; 4096])];
    let whole = good(kind).to_string();
    let dripping = [head(200, &JSON).into_bytes(), whole.clone().into_bytes()].concat();
    let cut = format!(
        "HTTP/1.1 200 Said\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{whole}"
    );
    let error_event =
        json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Alas." } });
    vec![
        ("429", told("rate_limit_error", 429), Kind::RateLimited, false),
        ("500", answer(500, &[], "<html>"), Kind::Overloaded, false),
        ("503 without a body", answer(503, &[], ""), Kind::Overloaded, false),
        ("529", told("overloaded_error", 529), Kind::Overloaded, false),
        ("408", answer(408, &[], ""), Kind::Overloaded, false),
        ("400", told("invalid_request_error", 400), Kind::BadRequest, false),
        ("404", answer(404, &[], "no"), Kind::BadRequest, false),
        ("401", told("authentication_error", 401), Kind::Unauthorized, false),
        ("403", told("permission_error", 403), Kind::Unauthorized, false),
        (
            "a redirect",
            answer(307, &[("location", "http://127.0.0.1:9/")], ""),
            Kind::Malformed,
            false,
        ),
        ("a hang before the head", vec![Act::Hang], Kind::TimedOut, false),
        (
            "a hang after the head",
            vec![Act::Send(head(200, &JSON).into_bytes()), Act::Hang],
            Kind::TimedOut,
            false,
        ),
        ("a hang in a stream", then(Act::Hang), Kind::TimedOut, true),
        (
            "a slow drip",
            vec![Act::Drip(dripping, Duration::from_millis(50))],
            Kind::TimedOut,
            false,
        ),
        ("a reset at once", vec![Act::Reset], Kind::Unreachable, false),
        ("nothing", vec![], Kind::Unreachable, false),
        ("a reset in a stream", then(Act::Reset), Kind::Unreachable, true),
        ("a stream that ends early", vec![Act::Send(begun(kind))], Kind::Unreachable, true),
        ("an empty stream", events(""), Kind::Unreachable, false),
        ("a body that ends early", vec![Act::Send(cut.into_bytes())], Kind::Unreachable, false),
        (
            "an error in a stream",
            then(Act::Send(format!("data: {error_event}\n\n").into())),
            Kind::Overloaded,
            true,
        ),
        ("wrong JSON", answer(200, &JSON, "{\"choices\": ["), Kind::Malformed, false),
        ("wrong JSON in a stream", events("data: {\"choices\": [\n\n"), Kind::Malformed, false),
        ("no events", events("<html>\n\n"), Kind::Malformed, false),
        ("text", answer(200, &[("content-type", "text/html")], &whole), Kind::Malformed, false),
        ("no type", answer(200, &[], &whole), Kind::Malformed, false),
        ("another shape", json(200, &json!({ "answer": 42 })), Kind::Malformed, false),
        ("a list", json(200, &json!([1])), Kind::Malformed, false),
        ("no choices", json(200, &json!({ "choices": [], "content": 3 })), Kind::Malformed, false),
        (
            "an error of status 200",
            json(200, &json!({ "error": { "message": "Alas.", "code": 502 } })),
            Kind::Overloaded,
            false,
        ),
        ("an endless body", endless(head(200, &JSON)), Kind::Malformed, false),
        ("an endless line", endless(head(200, &EVENTS) + "data: "), Kind::Malformed, false),
        (
            "endless events",
            vec![Act::Send(begun(kind)), Act::Endless(b": still here\n\n".to_vec())],
            Kind::Malformed,
            true,
        ),
        (
            "a refusal that hangs",
            vec![Act::Send(head(429, &[]).into_bytes()), Act::Hang],
            Kind::RateLimited,
            false,
        ),
        ("an endless refusal", endless(head(500, &[])), Kind::Overloaded, false),
        ("deep JSON", answer(200, &JSON, &"[".repeat(60_000)), Kind::Malformed, false),
        (
            "not HTTP",
            vec![Act::Send(b"220 mail.example ESMTP\r\n".to_vec())],
            Kind::Unreachable,
            false,
        ),
    ]
}

/// With little time where something hangs, so that it ends soon.
fn hasty(kind: ProviderKind, server: &Server, hangs: bool) -> Provider {
    let timeout = if hangs { Duration::from_secs(3) } else { LONG };
    Provider { timeout, ..provider(kind, server.address) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_kind_and_ends_in_time() {
    // One for all: it reads the certificates of authorities but once.
    let providers = Arc::new(Providers::new(bounds()));
    let mut all = tokio::task::JoinSet::new();
    for kind in KINDS {
        for stream in [false, true] {
            for (what, acts, wanted, words) in scripts(kind) {
                let providers = Arc::clone(&providers);
                all.spawn(async move {
                    let server = Server::start(move |_, _| acts.clone()).await;
                    let hangs = wanted == Kind::TimedOut;
                    let model = providers.connect(&hasty(kind, &server, hangs), key()).unwrap();
                    let begun = Instant::now();
                    let (answer, told) = chat(&*model, &ask("Help!"), stream).await;
                    let error = answer.unwrap_err();
                    assert_eq!(error.kind, wanted, "{what}, {kind:?}: {error:?}");
                    assert!(begun.elapsed() < LONG, "{what}, {kind:?}: {:?}", begun.elapsed());
                    assert_eq!(!told.is_empty(), words && stream, "{what}, {kind:?}: {told:?}");
                    assert!(!error.detail.contains("hunter2"), "{error}");
                    let status = model.status();
                    assert_eq!((status.calls, status.errors), (1, 1));
                    assert_eq!(status.last_error, Some(error.detail));
                    // A request that it does not take says nothing against the provider.
                    let unwell = wanted != Kind::BadRequest;
                    assert_eq!(status.state != EngineState::Ready, unwell, "{what}");
                });
            }
        }
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_stops_waiting_leaves_the_server() {
    for stream in [false, true] {
        let server =
            Server::start(|_, _| vec![Act::Send(begun(ProviderKind::OpenAi)), Act::Hang]).await;
        let model = connect(&provider(ProviderKind::OpenAi, server.address));
        {
            let request = ask("Help!");
            let call = chat(&*model, &request, stream);
            let arrived = server.counts.until(|counts| counts.open() == 1);
            tokio::select! {
                _ = call => panic!("there is no answer"),
                () = arrived => {}
            }
        }
        tokio::time::timeout(LONG, server.counts.until(|counts| counts.open() == 0)).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable_and_a_wrong_address_is_refused() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for kind in KINDS {
        let error =
            chat(&*connect(&provider(kind, free)), &ask("Help!"), false).await.0.unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable);
        assert!(!error.detail.contains(&free.to_string()), "{error}");
    }
    for bad in ["", "ftp://a/v1", "http://u:p@localhost/v1", "https://a/v1?key=x"] {
        let provider =
            Provider { base_url: Some(bad.to_owned()), ..provider(ProviderKind::OpenAi, free) };
        assert!(Providers::default().connect(&provider, None).is_err(), "{bad}");
    }
    let provider = Provider { base_url: None, ..provider(ProviderKind::Compatible, free) };
    assert!(Providers::default().connect(&provider, None).is_err());
}

#[tokio::test]
async fn a_message_of_the_provider_is_told_without_what_was_asked() {
    let secret = "My password is correct horse battery staple.";
    let server = Server::start(move |number, _| {
        let quoted = format!("Cannot read: {secret}");
        let message = [quoted.as_str(), "No such model."][number % 2];
        json(404, &json!({ "error": { "message": message, "type": "not_found_error" } }))
    })
    .await;
    let model = connect(&provider(ProviderKind::OpenAi, server.address));
    let error = chat(&*model, &ask(secret), false).await.0.unwrap_err();
    assert_eq!(error.detail, "The provider answered 404 (not_found_error).");
    let error = chat(&*model, &ask(secret), false).await.0.unwrap_err();
    assert_eq!(error.detail, "The provider answered 404 (not_found_error): No such model.");
}
