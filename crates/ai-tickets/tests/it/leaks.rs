//! Secrets are sent to every route, in every part of a request, as they should be and as they should not: none
//! of them is found in a log, in an answer that refuses, or in the database.

use atc_testkit::{TestDb, on_both_engines};
use serde_json::{Map, Value, json};

use crate::program::{Installation, Server};

on_both_engines!(no_secret_is_found_where_it_does_not_belong);

/// What people write in tickets and files.
const TEXT: &str = "Kanarienvogel";
/// What stands for passwords, right ones and wrong ones.
const PASSWORDS: [&str; 4] =
    ["canary-password-one", "canary-password-two", "canary-password-three", "canary-password-four"];
/// What stands for credentials that are none.
const FALSE_TOKENS: [&str; 3] =
    ["atc_canarytokencanarytoken", "canary.access.token", "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"];
const NOTHING: &str = "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11";
/// What an answer shows nothing of.
const INSIDE: [&str; 12] = [
    "select ",
    "insert into",
    "sqlite",
    "postgres",
    "panicked",
    ".rs:",
    "/tmp",
    "/root",
    "/home",
    "sea_orm",
    "sqlx",
    "backtrace",
];
/// What ends one's own login, never ends by itself, or is tried by hand.
const LEFT_OUT: [&str; 4] = ["/auth/logout", "/stream", "/ws/", "/auth/register"];

/// One server that is driven, and what must not be found.
struct Sweep<'a> {
    server: &'a Server,
    admin: String,
    secrets: Vec<String>,
}

impl Sweep<'_> {
    fn keep(&mut self, secret: &Value) -> String {
        let secret = secret.as_str().unwrap().to_owned();
        self.secrets.push(secret.clone());
        secret
    }

    /// Everything that hands out or takes a secret, done as it should be.
    fn use_secrets(&mut self, round: &str) {
        let server = self.server;
        let email = format!("{round}@example.com");
        let [first, second, wrong, _] = PASSWORDS;
        let body = json!({"email": email, "password": first, "full_name": "Canary"});
        assert_eq!(server.call("POST", "/auth/register", "", Some(&body)).status, 201);
        for password in [wrong, first] {
            let body = json!({"email": email, "password": password});
            let session = server.call("POST", "/auth/login", "", Some(&body)).body;
            if session["access_token"].is_null() {
                continue;
            }
            let access = self.keep(&session["access_token"]);
            let refresh = self.keep(&session["refresh_token"]);
            let body = json!({"refresh_token": refresh});
            let again = server.call("POST", "/auth/refresh", "", Some(&body)).body;
            self.keep(&again["access_token"]);
            self.keep(&again["refresh_token"]);
            let ticket = server.call("POST", "/auth/ws-ticket", &access, None).body;
            let ticket = self.keep(&ticket["ticket"]);
            server.call("GET", &format!("/ws/tickets?ticket={ticket}"), "", None);
            for (current, new) in [(wrong, second), (first, "short"), (first, second)] {
                let body = json!({"current_password": current, "password": new});
                server.call("PATCH", "/auth/me", &access, Some(&body));
            }
        }
        let admin = format!("Bearer {}", self.admin);
        let body = json!({"name": "CI", "scopes": ["tickets:read"]}).to_string();
        for _ in 0..2 {
            // The second answer is the first one, kept.
            let headers = [
                ("authorization", admin.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", round),
            ];
            let made = server.send("POST", "/tokens", &headers, Some(&body));
            assert_eq!(made.status, 201, "{}", made.body);
            let token = self.keep(&made.body["token"]);
            assert_eq!(server.call("GET", "/tickets", &token, None).status, 200);
        }
        let body =
            json!({"name": "Hook", "url": "https://example.com/hook", "events": ["file.failed"]});
        let made = server.call("POST", "/webhook-endpoints", &self.admin, Some(&body));
        assert_eq!(made.status, 201, "{}", made.body);
        self.keep(&made.body["secret"]);
        let path =
            format!("/webhook-endpoints/{}/rotate-secret", made.body["id"].as_str().unwrap());
        let rotated = server.call("POST", &path, &self.admin, None);
        self.keep(&rotated.body["secret"]);
        // Texts where they belong.
        let ticket =
            json!({"title": TEXT, "description": TEXT, "category": "bug", "priority": "low"});
        assert_eq!(server.call("POST", "/tickets", &self.admin, Some(&ticket)).status, 201);
        let plain = json!({"text": format!("{TEXT} is gone, password is {}", PASSWORDS[3])});
        server.call("POST", "/ai/categorize", &self.admin, Some(&plain));
        server.call("GET", &format!("/tickets?q={TEXT}"), &self.admin, None);
        server.upload(&self.admin, &format!("{TEXT}.txt"), TEXT.as_bytes());
        server.upload(&self.admin, &format!("{TEXT}.wav"), b"RIFF....WAVE");
    }

    /// Every route of the document, with secrets in each part of the request.
    fn drive_everything(&self) {
        let document = self.server.call("GET", "/openapi.json", "", None).body;
        let schemas = &document["components"]["schemas"];
        let mut driven = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            if LEFT_OUT.iter().any(|part| path.contains(part)) {
                continue;
            }
            for (method, operation) in item.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                self.drive(&method.to_uppercase(), path, schema, schemas);
                driven += 1;
            }
        }
        assert!(driven > 60, "{driven}");
    }

    fn drive(&self, method: &str, path: &str, schema: &Value, schemas: &Value) {
        let filled = |with: &str| {
            let part = |part: &str| {
                if part.starts_with('{') { with.to_owned() } else { part.to_owned() }
            };
            path.split('/').map(part).collect::<Vec<_>>().join("/")
        };
        let takes_body = matches!(method, "POST" | "PUT" | "PATCH");
        let legal = fill(schema, schemas, "").to_string();
        let [token, access, hook] = FALSE_TOKENS;
        let broken = format!("{{\"password\": \"{}\", \"title\": \"{TEXT}\", ", PASSWORDS[2]);
        let foreign = json!({"password": PASSWORDS[2], "secret": hook, "x": TEXT}).to_string();
        let mistyped = json!([{"password": PASSWORDS[2]}, token, TEXT]).to_string();
        let bodies: &[&str] =
            if takes_body { &[&legal, &broken, &foreign, &mistyped] } else { &[""] };
        let admin = format!("Bearer {}", self.admin);
        let stranger = format!("Bearer {token}");
        let cookie = format!("session={access}; token={token}");
        let query = format!("?token={token}&password={}&q={TEXT}&cursor={access}", PASSWORDS[2]);
        for authorization in [admin.as_str(), stranger.as_str(), access] {
            for body in bodies {
                for path in [filled(NOTHING), filled(token) + &query, filled(TEXT)] {
                    let headers = [
                        ("authorization", authorization),
                        ("content-type", "application/json"),
                        ("cookie", cookie.as_str()),
                        ("x-api-key", hook),
                        ("referer", "https://desk.example/?token=atc_canarytokencanarytoken"),
                        ("user-agent", TEXT),
                        ("x-forwarded-for", TEXT),
                        ("x-request-id", "canary password four"),
                        ("if-match", TEXT),
                    ];
                    let body = takes_body.then_some(*body);
                    let answer = self.server.send(method, &path, &headers, body);
                    self.look_at(&answer.text, answer.status, &format!("{method} {path}"));
                }
            }
        }
    }

    /// An answer that refuses shows nothing that was not there before.
    fn look_at(&self, text: &str, status: u16, call: &str) {
        assert_ne!(status, 500, "{call}: {text}");
        if status < 400 {
            return;
        }
        for secret in PASSWORDS.iter().chain(&FALSE_TOKENS) {
            assert!(!text.contains(secret), "{call} repeats {secret}: {text}");
        }
        assert!(!text.contains(&self.admin), "{call}: {text}");
        let lower = text.to_lowercase();
        for word in INSIDE {
            assert!(!lower.contains(word), "{call} shows {word}: {text}");
        }
    }

    fn all_secrets(&self) -> impl Iterator<Item = &str> {
        let own = self.secrets.iter().map(String::as_str);
        own.chain(PASSWORDS).chain(FALSE_TOKENS).chain([self.admin.as_str()])
    }
}

/// A value of this schema, with a text that must not get into a log wherever there is one.
fn fill(schema: &Value, schemas: &Value, name: &str) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return fill(&schemas[reference.rsplit('/').next().unwrap()], schemas, name);
    }
    for any in ["oneOf", "anyOf", "allOf"] {
        if let Some(some) = schema[any].as_array() {
            let real = some.iter().find(|s| s["type"] != "null").unwrap_or(&Value::Null);
            return fill(real, schemas, name);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or_default();
    match (kind, schema["format"].as_str().unwrap_or_default()) {
        ("string", "uuid") => NOTHING.into(),
        ("string", "date-time") => "2026-01-31T12:00:00Z".into(),
        ("string", "password") => PASSWORDS[3].into(),
        ("string", _) if name.contains("token") => FALSE_TOKENS[0].into(),
        ("string", _) => TEXT.into(),
        ("integer" | "number", _) => 1.into(),
        ("boolean", _) => true.into(),
        ("array", _) => Value::Array(vec![fill(&schema["items"], schemas, name)]),
        _ => {
            let empty = Map::new();
            let fields = schema["properties"].as_object().unwrap_or(&empty).iter();
            Value::Object(fields.map(|(n, s)| (n.clone(), fill(s, schemas, n))).collect())
        }
    }
}

fn hexadecimal(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

async fn no_secret_is_found_where_it_does_not_belong(db: &TestDb) {
    let mut secrets: Vec<String> = Vec::new();
    for (n, (level, format)) in
        [("info", "text"), ("info", "json"), ("debug", "text")].into_iter().enumerate()
    {
        let installation = Installation::new()
            .with("DATABASE_URL", &db.url)
            .with("JWT_SECRET_KEY", &"canary-signing-key-".repeat(2))
            .with("ENCRYPTION_KEY", &"canary-sealing-key-".repeat(2))
            .with("ADMIN_EMAIL", "admin@localhost")
            .with("ADMIN_PASSWORD", PASSWORDS[0])
            .with("RATE_LIMIT_AUTH_PER_MINUTE", "0")
            .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
            .with("LOG_LEVEL", level)
            .with("LOG_FORMAT", format);
        let drive = move || {
            let mut server = installation.serve();
            let admin = server.log_in("admin@localhost", PASSWORDS[0]);
            let mut sweep = Sweep { server: &server, admin, secrets: Vec::new() };
            sweep.use_secrets(&format!("round{n}"));
            sweep.drive_everything();
            let mut secrets: Vec<String> = sweep.all_secrets().map(str::to_owned).collect();
            secrets.push("canary-signing-key".to_owned());
            secrets.push("canary-sealing-key".to_owned());
            server.signal("TERM");
            assert_eq!(server.wait().code(), Some(0));
            let said = installation.read("server.log") + &server.rest_of_banner();
            (said, secrets)
        };
        let (said, found) = tokio::task::spawn_blocking(drive).await.unwrap();
        assert!(said.lines().count() > 100, "{said}");
        let texts = if level == "info" { &[TEXT][..] } else { &[] };
        for secret in found.iter().map(String::as_str).chain(texts.iter().copied()) {
            let line = said.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{level} {format}: {secret} is logged: {line:?}");
        }
        secrets.extend(found);
    }
    let dump = db.dump().await;
    assert!(dump.contains(TEXT), "what belongs there is found");
    for secret in &secrets {
        for form in [secret.clone(), hexadecimal(secret)] {
            let around = dump.split_once(&form).map(|(before, after)| {
                let before: String = before.chars().rev().take(200).collect();
                let before: String = before.chars().rev().collect();
                before + "[…]" + &after.chars().take(100).collect::<String>()
            });
            assert!(around.is_none(), "{secret} stands in the database: {around:?}");
        }
    }
}
