//! Whatever stands in a body, a header or a parameter: a clear answer, and nothing half-done.

use atc_testkit::{Answer, TestApp, TestDb, on_both_engines};
use http::{HeaderValue, Method};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    any_form_is_a_file_or_a_clear_refusal,
    any_header_is_understood_or_refused,
    any_range_gives_the_bytes_that_it_names,
    any_search_is_only_words,
    any_cursor_is_a_place_or_a_clear_refusal,
    any_json_is_a_ticket_or_a_clear_refusal,
);

/// How often each is tried; all of them together take seconds.
const CASES: usize = 150;

/// Values of this kind, the same ones in every run.
fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, cases: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..cases).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

/// A refusal is a whole problem document that shows nothing of the inside.
#[track_caller]
fn clear(answer: &Answer, statuses: &[u16], what: &dyn std::fmt::Debug) {
    let status = answer.status.as_u16();
    assert!(statuses.contains(&status), "{status} for {what:?}: {}", answer.body);
    if status >= 400 {
        assert!(
            answer.text("/detail").ends_with(['.', ')', '`']) || status == 422,
            "{}",
            answer.body
        );
        assert_eq!(answer.body["status"], status);
    }
}

/// Pieces of which forms are made, whole and broken.
fn form() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"--b\r\n".to_vec()),
        3 => Just(b"--b--\r\n".to_vec()),
        1 => Just(b"--b--".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        4 => Just(b"Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n".to_vec()),
        2 => Just(b"Content-Disposition: form-data; name=\"ticket_id\"\r\n\r\n1\r\n".to_vec()),
        1 => Just(b"Content-Disposition: form-data; name=file; filename*=utf-8''%ff\r\n\r\n".to_vec()),
        1 => Just(b"Content-Disposition: attachment\r\n\r\n".to_vec()),
        1 => Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        1 => Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        2 => vec(any::<u8>(), 0..200),
        1 => "[ -~]{0,40}: [ -~]{0,40}\r\n".prop_map(String::into_bytes),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

async fn any_form_is_a_file_or_a_clear_refusal(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let mut taken = 0;
    let whole = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n";
    for body in some(form(), CASES).into_iter().chain([whole.to_vec()]) {
        let call = app.post("/files/upload").bearer(&user);
        let answer = call.raw("multipart/form-data; boundary=b", body.clone()).await;
        clear(&answer, &[201, 400, 413, 422], &String::from_utf8_lossy(&body));
        taken += u64::from(answer.status == 201);
    }
    assert!(taken > 0);
    let list = app.get("/files?include_total=true").bearer(&user).await.expect(200);
    assert_eq!(list.body["total"], taken);
    for media_type in some("multipart/form-data[ -~]{0,40}", CASES) {
        let call = app.post("/files/upload").bearer(&user).raw(&media_type, whole.to_vec());
        clear(&call.await, &[201, 400, 413, 415, 422], &media_type);
    }
}

/// What may stand in a header at all, with what means something in one.
fn header_value() -> impl Strategy<Value = HeaderValue> {
    let piece = prop_oneof![
        select(vec![
            "\"", "W/", "*", ",", " ", "\"1\"", "\"2\"", "-", "=", ";", "bytes=", "0", "1", "q=0.5"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff, Just(b'\t')], 0..12),
    ];
    vec(piece, 0..6).prop_filter_map("no header", |p| HeaderValue::from_bytes(&p.concat()).ok())
}

async fn any_header_is_understood_or_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let made = create_ticket(&app, &people.user, "A").await;
    let path = format!("/tickets/{}", made.text("/id"));
    let mut creations = 0;
    for value in some(header_value(), CASES) {
        for name in
            ["if-match", "if-none-match", "if-range", "range", "accept", "expect", "x-request-id"]
        {
            let call = || app.get(&path).bearer(&people.agent).header_value(name, &value);
            clear(&call().await, &[200, 304, 400], &(name, &value));
        }
        for name in ["if-match", "if-none-match"] {
            let change = app.patch(&path).bearer(&people.agent).header_value(name, &value);
            let answer = change.json(&json!({"title": "B"})).await;
            clear(&answer, &[200, 400, 412], &(name, &value));
        }
        let body = json!({"name": "Team", "member_ids": [], "strategy": "round_robin"});
        let call =
            app.post("/tickets").bearer(&people.user).header_value("idempotency-key", &value);
        let answer = call.json(&crate::fixtures::ticket("Once")).await;
        clear(&answer, &[201, 400], &value);
        creations +=
            u64::from(answer.status == 201 && answer.header("idempotent-replayed").is_empty());
        for name in
            ["content-type", "content-length", "content-encoding", "origin", "authorization"]
        {
            let call = app.post("/teams").bearer(&people.user).header_value(name, &value);
            clear(
                &call.raw("application/json", body.to_string()).await,
                &[400, 401, 403, 413, 415],
                &(name, &value),
            );
        }
    }
    let list = app.get("/tickets?include_total=true").bearer(&people.user).await.expect(200);
    assert_eq!(list.body["total"], creations + 1);
}

async fn any_range_gives_the_bytes_that_it_names(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let bytes: Vec<u8> = (0..=255).collect();
    let form = [
        &b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"[..],
        &bytes,
        b"\r\n--b--\r\n",
    ];
    let call = app.post("/files/upload").bearer(&user);
    let made = call.raw("multipart/form-data; boundary=b", form.concat()).await.expect(201);
    let path = format!("/files/{}/content", made.text("/id"));
    let number = || prop_oneof![3 => (0_u64..300).prop_map(|n| n.to_string()), 1 => any::<u64>().prop_map(|n| n.to_string()), 1 => Just(String::new())];
    let range = (
        number(),
        number(),
        select(vec!["bytes=", "bytes = ", "Bytes=", "items=", ""]),
        select(vec!["", ",0-1", " ", ",", "-"]),
    )
        .prop_map(|(first, last, unit, end)| format!("{unit}{first}-{last}{end}"));
    for range in some(range, CASES * 3) {
        let answer = app.get(&path).bearer(&user).header("range", &range).await;
        clear(&answer, &[200, 206, 416], &range);
        match answer.status.as_u16() {
            200 => assert_eq!(answer.bytes, bytes, "{range}"),
            206 => {
                let place = answer.header("content-range").trim_start_matches("bytes ");
                let (place, whole) = place.split_once('/').expect("a length");
                let (first, last) = place.split_once('-').expect("a part");
                let (first, last): (usize, usize) =
                    (first.parse().expect("a number"), last.parse().expect("a number"));
                assert_eq!(
                    (answer.bytes.as_slice(), whole),
                    (&bytes[first..=last], "256"),
                    "{range}"
                );
                assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
            }
            _ => assert_eq!(answer.header("content-range"), "bytes */256"),
        }
    }
}

async fn any_search_is_only_words(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    create_ticket(&app, &people.user, "Printer").await;
    let article = json!({"title": "Printer", "body": "Toner", "tags": [], "published": true});
    app.post("/knowledge/articles").bearer(&people.agent).json(&article).await.expect(201);
    let signs = "\"'()*:!&|<>-^~+\\%_;,.?/[]{}$#@`= ";
    let signs: Vec<String> = signs.chars().map(String::from).collect();
    let words = [
        "printer", "NEAR", "AND", "OR", "NOT", "title:", ":*", "<->", "--", "/*", "''", "\u{0}",
        "🔥", "İ", "ﬀ",
    ];
    let piece = prop_oneof![
        select(signs),
        select(words.map(str::to_owned).to_vec()),
        any::<String>(),
        "[a-z]{1,60}",
    ];
    for pieces in some(vec(piece, 1..12), CASES) {
        let text: String = pieces.concat();
        let query =
            percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let fits = !text.trim().is_empty() && !text.contains('\0') && text.chars().count() <= 1_000;
        for path in ["/tickets?q=", "/tickets?sort=-number&q=", "/knowledge/search?mode=keyword&q="]
        {
            let answer = app.get(&format!("{path}{query}")).bearer(&people.user).await;
            clear(&answer, if fits { &[200] } else { &[200, 422] }, &text);
        }
    }
    for text in [
        "printer\" OR \"",
        "printer')--",
        "printer:*",
        "(printer",
        "printer & ",
        "-printer printer",
    ] {
        let query = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
        let found = app.get(&format!("/tickets?q={query}")).bearer(&people.user).await.expect(200);
        assert_eq!(found.body["items"][0]["title"], "Printer", "{text}");
    }
}

async fn any_cursor_is_a_place_or_a_clear_refusal(db: &TestDb) {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let app = TestApp::new(db);
    let people = people(&app).await;
    for n in 0..3 {
        create_ticket(&app, &people.user, &format!("Ticket {n}")).await;
    }
    for list in ["/tickets", "/tickets?sort=priority", "/tickets?q=ticket", "/users", "/jobs"] {
        let (path, filter) = list.split_once('?').unwrap_or((list, ""));
        let at = |cursor: &str| format!("{path}?{filter}&limit=1&cursor={cursor}");
        let first =
            app.get(&format!("{path}?{filter}&limit=1")).bearer(&people.admin).await.expect(200);
        let Some(real) = first.body["next_cursor"].as_str() else { continue };
        app.get(&at(real)).bearer(&people.admin).await.expect(200);
        let bytes =
            BASE64_URL_SAFE_NO_PAD.decode(real).unwrap_or_else(|_| real.as_bytes().to_vec());
        let changed =
            (0..bytes.len(), any::<u8>(), any::<bool>()).prop_map(|(at, byte, longer)| {
                let mut bytes = bytes.clone();
                if longer {
                    bytes.insert(at, byte);
                } else {
                    bytes[at] = byte;
                }
                BASE64_URL_SAFE_NO_PAD.encode(bytes)
            });
        // The place of another kind, behind the right beginning.
        let places = [
            "null",
            "[]",
            "{}",
            "[1]",
            "[1,2,3,4]",
            "[\"x\",\"y\"]",
            "[1e308,-1]",
            "[9223372036854775807,0]",
            "[-9223372036854775808,9]",
        ];
        let places = places.map(|place| {
            let start = bytes.iter().position(|b| b"[{\"".contains(b)).unwrap_or(0);
            BASE64_URL_SAFE_NO_PAD.encode([&bytes[..start], place.as_bytes()].concat())
        });
        for cursor in
            some(changed, CASES).into_iter().chain(places).chain(some("[A-Za-z0-9_-]{0,80}", 30))
        {
            let answer = app.get(&at(&cursor)).bearer(&people.admin).await;
            clear(&answer, &[200, 422], &(list, cursor));
        }
    }
}

/// A value of JSON, of every kind and some depth.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["bug", "low", "new", "me", "none", "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"])
            .prop_map(Value::from),
    ];
    let keys = select(vec![
        "title",
        "description",
        "priority",
        "category",
        "tags",
        "metadata",
        "attachment_ids",
        "source",
        "assignee_id",
        "team_id",
        "requester_email",
        "text",
        "context",
        "status",
        "",
    ]);
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((keys.clone(), inner), 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

async fn any_json_is_a_ticket_or_a_clear_refusal(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let mut taken = 0;
    let calls = [
        (Method::POST, "/tickets"),
        (Method::PATCH, "/tickets/1"),
        (Method::POST, "/ai/categorize"),
        (Method::POST, "/teams"),
        (Method::PUT, "/notifications/preferences"),
        (Method::POST, "/auth/login"),
    ];
    for value in some(json_value(), CASES) {
        // By itself, and as a part of what would be right.
        let mut whole =
            json!({"title": "A", "description": "", "category": "bug", "priority": "low"});
        if let (Some(members), Some(more)) = (whole.as_object_mut(), value.as_object()) {
            members.extend(more.clone());
        }
        for (method, path) in &calls {
            for body in [&value, &whole] {
                let answer = app.call(method.clone(), path).bearer(&people.admin).json(body).await;
                clear(&answer, &[200, 201, 400, 401, 404, 409, 422], &(path, body));
                taken += u64::from(answer.status == 201 && *path == "/tickets");
            }
        }
    }
    for text in some("[\\[\\]{}:,\"a-z0-9.eE+ \\\\u\\-\u{0}\u{feff}\n]{0,60}", CASES) {
        let call = app.post("/tickets").bearer(&people.admin).raw("application/json", text.clone());
        clear(&call.await, &[400, 422], &text);
    }
    for bytes in some(vec(any::<u8>(), 0..60), CASES) {
        let call =
            app.post("/tickets").bearer(&people.admin).raw("application/json", bytes.clone());
        clear(&call.await, &[400, 422], &bytes);
    }
    let list = app.get("/tickets?include_total=true").bearer(&people.admin).await.expect(200);
    assert_eq!(list.body["total"], taken);
}
