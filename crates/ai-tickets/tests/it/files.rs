//! Files, from the upload to what was read in them, by the real reader in its child process.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use atc_testkit::{data_dir, models_dir};
use serde_json::Value;

use crate::program::{Installation, Server, eventually};

pub fn admin(installation: &Installation, server: &Server) -> String {
    server.log_in("admin@localhost", installation.read("data/admin-password").trim())
}

/// Uploads a file and gives its id.
pub fn upload(server: &Server, token: &str, filename: &str, content: &[u8]) -> String {
    let made = try_upload(server, token, filename, content).unwrap();
    assert_eq!(made.0, 201, "{}", made.1);
    made.1["id"].as_str().unwrap().to_owned()
}

/// The same while the server may go away.
pub fn try_upload(
    server: &Server,
    token: &str,
    filename: &str,
    content: &[u8],
) -> Option<(u16, Value)> {
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::builder()
        .method("POST")
        .uri(format!("http://{}/api/v1/files/upload", server.address))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .unwrap();
    let mut answer = agent.run(request).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).ok()?))
}

/// Waits until the file was read, or could not be.
pub fn settled(server: &Server, token: &str, id: &str) -> Value {
    let mut file = Value::Null;
    eventually("the file is read", || {
        file = server.call("GET", &format!("/files/{id}"), token, None).body;
        file["status"] == "processed" || file["status"] == "failed"
    });
    file
}

/// An installation with the real models, where they are there.
pub fn with_models() -> Option<Installation> {
    let models = models_dir()?;
    Some(Installation::new().with("MODELS_DIR", models.to_str().unwrap()))
}

#[test]
fn a_recording_is_read_behind_walls() {
    let (Some(installation), Some(data)) = (with_models(), data_dir()) else { return };
    let server = installation.serve();
    let token = admin(&installation, &server);
    let memo = fs::read(data.join("audio/jfk.wav")).unwrap();
    let file = settled(&server, &token, &upload(&server, &token, "memo.wav", &memo));
    assert_eq!(file["status"], "processed", "{file}");
    assert_eq!(file["extracted"]["kind"], "audio");
    let text = file["extracted"]["text"].as_str().unwrap().to_lowercase();
    assert!(text.contains("ask not what your country can do for you"), "{text}");
    assert_eq!(file["extracted"]["language"], "en");
    assert!(file["extracted"]["segments"][0]["end"].as_f64().unwrap() > 1.0, "{file}");

    // Every wall that this kernel has stands; what it lacks is said.
    let health = server.call("GET", "/health", "", None);
    let detail = health.body["components"]["ai"]["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(detail.contains("sandbox"), !has_landlock(), "{detail}");
}

/// Whether this kernel has Landlock among its modules.
fn has_landlock() -> bool {
    let modules = fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    modules.split(',').any(|module| module.trim() == "landlock")
        || !Path::new("/sys/kernel/security/lsm").exists()
}

#[test]
fn documents_and_scans_are_read_behind_walls() {
    let Some(installation) = with_models() else { return };
    let server = installation.serve();
    let token = admin(&installation, &server);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/tests/fixtures");
    let read = |name: &str| {
        let content = fs::read(fixtures.join(name)).unwrap();
        settled(&server, &token, &upload(&server, &token, name, &content))
    };
    for (name, text) in [
        ("report.pdf", "Printer on floor 3 is offline"),
        ("scan.pdf", "SCANNED TEXT"),
        ("report.docx", "It is offline"),
    ] {
        let file = read(name);
        assert_eq!(file["status"], "processed", "{file}");
        assert_eq!(file["extracted"]["kind"], "document");
        let found = file["extracted"]["text"].as_str().unwrap();
        assert!(found.contains(text), "{name}: {found}");
    }
    let refused = read("encrypted.pdf");
    assert_eq!(refused["status"], "failed", "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("password"), "{refused}");
}

#[test]
fn without_its_model_a_recording_is_a_failed_file_that_says_why() {
    let installation = Installation::new();
    let server = installation.serve();
    let token = admin(&installation, &server);
    let mut wave = b"RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\x7d\0\0".to_vec();
    wave.resize(wave.len() + 32_000, 0x11);
    let file = settled(&server, &token, &upload(&server, &token, "memo.wav", &wave));
    assert_eq!(file["status"], "failed", "{file}");
    let why = file["error"].as_str().unwrap();
    assert!(why.contains("ai-tickets models fetch") || why.contains("ffmpeg"), "{why}");
    let empty = settled(&server, &token, &upload(&server, &token, "empty.wav", b""));
    assert_eq!(empty["error"], "The file is empty.");
}

#[test]
fn the_command_of_the_child_answers_nobody_else() {
    let said = Installation::new().run(&["read-file", "{}"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out, "");
    let said = Installation::new().run(&["--help"]).expect(0);
    assert!(!said.out.contains("read-file"), "{}", said.out);
}

#[test]
fn a_large_upload_takes_no_memory() {
    const BYTES: usize = 200_000_000;
    let installation = Installation::new().with("MAX_UPLOAD_BYTES", "200000000");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let zeros = vec![0; 100_000];
    upload(&server, &token, "warm.bin", &zeros);
    let before = peak_kilobytes(&server);
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let tail = "\r\n--b--\r\n";
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "POST /api/v1/files/upload HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=b\r\n\
         content-length: {}\r\n\r\n{head}",
        head.len() + BYTES + tail.len()
    )
    .unwrap();
    for _ in 0..BYTES / zeros.len() {
        stream.write_all(&zeros).unwrap();
    }
    stream.write_all(tail.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let grown = peak_kilobytes(&server) - before;
    assert!(grown < 30_000, "{grown} kB");
}

/// The most memory that the server had at any time.
fn peak_kilobytes(server: &Server) -> i64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
