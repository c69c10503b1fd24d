//! What is done again, when a provider is left alone, and how many calls are under way.

use std::{sync::Arc, time::Duration};

use atc_core::{
    agent::{Provider, ProviderKind},
    chat::{AnswerSchema, ChatErrorKind as Kind, ChatRequest},
    json::RawJson,
    ports::EngineState,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    LONG, ask, chat, connect, provider,
    server::{Act, Server, answer, head, json},
};

fn yes() -> Value {
    json!({ "choices": [{ "message": { "content": "Yes." }, "finish_reason": "stop" }] })
}

/// Fails so often, with this status and these headers, and then answers.
async fn failing(
    times: usize,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
) -> Server {
    let play = move |number, _: &_| {
        if number < times { answer(status, headers, "") } else { json(200, &yes()) }
    };
    Server::start(play).await
}

fn patient(server: &Server) -> Provider {
    Provider { max_retries: 2, ..provider(ProviderKind::OpenAi, server.address) }
}

#[tokio::test]
async fn what_passes_is_asked_again_not_earlier_than_the_provider_wants() {
    type Case<'a> = (u16, &'a [(&'a str, &'a str)], u64);
    let cases: [Case<'_>; 6] = [
        (429, &[("retry-after", "1")], 1_000),
        (429, &[("retry-after-ms", "600"), ("retry-after", "9")], 600),
        (529, &[("retry-after", "1")], 1_000),
        (429, &[], 250),
        (503, &[], 250),
        (404, &[("x-should-retry", "true")], 250),
    ];
    let mut all = tokio::task::JoinSet::new();
    for (status, headers, at_least) in cases {
        all.spawn(async move {
            let mut server = failing(1, status, headers).await;
            let begun = Instant::now();
            let answer = chat(&*connect(&patient(&server)), &ask("Help!"), false).await.0.unwrap();
            assert_eq!(answer.text, "Yes.");
            assert!(begun.elapsed() >= Duration::from_millis(at_least), "{status} {headers:?}");
            assert_eq!(server.requests().len(), 2);
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn what_lasts_is_asked_once() {
    let quota = json!({ "error": { "code": "insufficient_quota" } }).to_string();
    let broken = b"data: {\"choices\": [{\"delta\": {\"content\": \"Half\"}}]}\n\n";
    let broken = [head(200, &[("content-type", "text/event-stream")]).as_bytes(), broken].concat();
    for (acts, kind) in [
        (answer(400, &[], ""), Kind::BadRequest),
        (answer(401, &[], ""), Kind::Unauthorized),
        (answer(500, &[("x-should-retry", "false")], ""), Kind::Overloaded),
        (answer(429, &[], &quota), Kind::RateLimited),
        (answer(200, &[], "?"), Kind::Malformed),
        // A word was told: a second attempt would say it twice.
        (vec![Act::Send(broken)], Kind::Unreachable),
    ] {
        let mut server = Server::start(move |_, _| acts.clone()).await;
        let (answer, _) = chat(&*connect(&patient(&server)), &ask("Help!"), true).await;
        assert_eq!(answer.unwrap_err().kind, kind);
        assert_eq!(server.requests().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_model_that_takes_no_schema_is_told_of_it_in_words_from_then_on() {
    let refused =
        json!({ "error": { "message": "response_format of type json_schema is not supported" } });
    let mut server = Server::start(move |_, request| {
        if request.body.get("response_format").is_some() {
            json(400, &refused)
        } else {
            json(200, &yes())
        }
    })
    .await;
    let model = connect(&provider(ProviderKind::OpenAi, server.address));
    let schema = RawJson::trusted(r#"{"type":"object"}"#.to_owned());
    let schema = Some(AnswerSchema { name: "form", schema });
    let request = ChatRequest { schema, ..ask("Help!") };
    for asked in [2, 1] {
        assert_eq!(chat(&*model, &request, false).await.0.unwrap().text, "Yes.");
        let requests = server.requests();
        assert_eq!(requests.len(), asked);
        let system = requests[asked - 1].body["messages"][0]["content"].as_str().unwrap();
        assert!(system.starts_with("You sort tickets.\n\nAnswer with one JSON"), "{system}");
        assert!(system.ends_with(r#"{"type":"object"}"#), "{system}");
    }
    assert_eq!(model.status().errors, 0);
}

#[tokio::test]
async fn a_stream_that_broke_before_its_first_word_is_asked_for_again() {
    let mut server = Server::start(|number, _| {
        let begin = head(200, &[("content-type", "text/event-stream")]);
        if number == 0 { vec![Act::Send(begin.into()), Act::Reset] } else { json(200, &yes()) }
    })
    .await;
    let (answer, told) = chat(&*connect(&patient(&server)), &ask("Help!"), true).await;
    assert_eq!((answer.unwrap().text, told.concat()), ("Yes.".to_owned(), "Yes.".to_owned()));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn who_wants_to_be_asked_after_the_deadline_is_left_alone_until_then() {
    for headers in [&[("retry-after", "60")], &[("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT")]] {
        let mut server = failing(1, 429, headers).await;
        let model = connect(&patient(&server));
        let begun = Instant::now();
        let error = chat(&*model, &ask("Help!"), false).await.0.unwrap_err();
        assert_eq!(error.kind, Kind::RateLimited);
        assert!(error.retry_after >= Some(Duration::from_mins(1)));
        let error = chat(&*model, &ask("Help!"), false).await.0.unwrap_err();
        assert_eq!(error.kind, Kind::NotAsked);
        assert!(error.retry_after.is_some() && begun.elapsed() < LONG);
        assert_eq!(model.status().state, EngineState::Unavailable);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_breaker_opens_and_the_provider_comes_back() {
    for (status, until_open) in [(500, 3), (401, 1)] {
        let mut server = failing(4, status, &[]).await;
        let model = connect(&provider(ProviderKind::OpenAi, server.address));
        for _ in 0..until_open {
            assert_ne!(model.status().state, EngineState::Unavailable);
            chat(&*model, &ask("Help!"), false).await.0.unwrap_err();
        }
        assert_eq!(model.status().state, EngineState::Unavailable);
        let error = chat(&*model, &ask("Help!"), false).await.0.unwrap_err();
        assert_eq!(error.kind, Kind::NotAsked, "{error:?}");
        assert_eq!(server.requests().len(), until_open, "nothing was asked");
        let back = async {
            while chat(&*model, &ask("Help!"), false).await.0.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, back).await.unwrap();
        assert_eq!(server.requests().len(), 5 - until_open, "only probes were let through");
        assert_eq!(model.status().state, EngineState::Ready);
    }
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let server = Server::start(|_, _| {
        let body = yes().to_string();
        let head = head(200, &[("content-type", "application/json")]);
        vec![Act::Drip([head.as_bytes(), body.as_bytes()].concat(), Duration::from_millis(1))]
    })
    .await;
    let provider = Provider { max_concurrent: 2, ..provider(ProviderKind::OpenAi, server.address) };
    let model = connect(&provider);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let model = Arc::clone(&model);
        all.spawn(async move { chat(&*model, &ask("Help!"), false).await.0.unwrap() });
    }
    assert_eq!(all.join_all().await.len(), 10);
    assert_eq!(server.counts.most(), 2);
    assert_eq!(model.status().calls, 10);
}

#[tokio::test]
async fn waiting_for_a_place_counts_and_an_abandoned_call_gives_its_place_back() {
    let server =
        Server::start(|number, _| if number == 0 { vec![Act::Hang] } else { json(200, &yes()) })
            .await;
    let provider = Provider { max_concurrent: 1, ..provider(ProviderKind::OpenAi, server.address) };
    let model = connect(&provider);
    let soon = |request: ChatRequest| {
        let model = Arc::clone(&model);
        async move { model.chat(&request, Duration::from_millis(100), None).await }
    };
    {
        let request = ask("Help!");
        let first = model.chat(&request, LONG, None);
        let second = async {
            server.counts.until(|counts| counts.open() == 1).await;
            soon(ask("Help!")).await
        };
        let error = tokio::select! {
            _ = first => panic!("there is no answer"),
            second = second => second.unwrap_err(),
        };
        assert_eq!(error.kind, Kind::NotAsked);
    }
    assert!(chat(&*model, &ask("Help!"), false).await.0.is_ok());
    server.counts.gone(1).await;
    assert_eq!(model.status().state, EngineState::Ready, "nothing was learnt of the provider");
}
