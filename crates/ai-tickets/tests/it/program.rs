//! An installation in a folder of its own, its commands, and its server.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

const PROGRAM: &str = env!("CARGO_BIN_EXE_ai-tickets");

/// The address of a process that serves no API: nobody listens on port 0.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An installation that a test has to itself: nothing of this machine's configuration reaches it.
pub struct Installation {
    dir: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Installation {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// The same with one more variable.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.variables.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder where its commands run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file there.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file there.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args);
        self.at_home(&mut command);
        command
    }

    fn at_home(&self, command: &mut Command) {
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("MODELS_DIR", "no-models")
            .env("PORT", "0")
            .env("DASHBOARD_PORT", "0")
            .env("MCP_PORT", "0")
            // A test that waits asks more often than people do.
            .env("RATE_LIMIT_PER_MINUTE", "0")
            .envs(self.variables.iter().cloned());
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Said {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that needs no input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts a command, and kills it as soon as it says this on standard error.
    pub fn kill_when_it_says(&self, args: &[&str], text: &str) {
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains(text)), "it ended and did not say {text}");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it had ended before");
    }

    /// Starts a command at a terminal of its own; what is typed goes to the child's standard input, the screen is its output.
    pub fn at_terminal(&self, args: &str) -> Child {
        let mut script = Command::new("/usr/bin/script");
        script.args([
            "-qe",
            "--echo",
            "always",
            "-c",
            &format!("exec \"$PROGRAM\" {args}"),
            "/dev/null",
        ]);
        self.at_home(&mut script);
        script
            .env("PROGRAM", PROGRAM)
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&self) -> Server {
        self.serve_with("server.log", &["serve"])
    }

    /// Starts a process with some of the roles, and waits until it works; its log has this name.
    pub fn serve_roles(&self, roles: &str, log: &str) -> Server {
        self.serve_with(log, &["serve", "--roles", roles])
    }

    fn serve_with(&self, log: &str, args: &[&str]) -> Server {
        let log = self.path(log);
        let mut child = self
            .command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.lines().any(|line| line.starts_with("  Data ")) {
            let read = stdout.read_line(&mut banner).unwrap();
            assert!(read > 0, "it did not start: {}", fs::read_to_string(&log).unwrap());
        }
        let address = banner.lines().find_map(|line| line.strip_prefix("Listening on http://"));
        // A process without the API has no address, and whoever calls it learns that.
        let address = address.map_or(NOWHERE, |address| address.parse().unwrap());
        Server { child, address, banner, stdout }
    }
}

impl Said {
    /// The same, if the command ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }
}

/// A running server; it dies with this value.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    banner: String,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Everything that it said before it ended.
    pub fn rest_of_banner(&mut self) -> String {
        while self.stdout.read_line(&mut self.banner).unwrap() > 0 {}
        self.banner.clone()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said until it listened.
    pub fn banner_so_far(&self) -> &str {
        &self.banner
    }

    /// Where its job dashboard listens.
    pub fn dashboard(&self) -> SocketAddr {
        self.told("Job dashboard  http://").parse().unwrap()
    }

    /// Where its MCP server listens.
    pub fn mcp(&self) -> SocketAddr {
        self.told("MCP server     http://").trim_end_matches("/mcp").parse().unwrap()
    }

    /// Its metrics, from the port for those who watch.
    pub fn metrics(&self) -> String {
        let url = format!("http://{}", self.told("Metrics        http://"));
        let mut answer = ureq::get(url).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// What follows this in its banner.
    fn told(&self, beginning: &str) -> &str {
        self.banner.lines().find_map(|line| line.trim().strip_prefix(beginning)).unwrap()
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the server ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// A call; a path of the API is given without its prefix.
    pub fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = Vec::new();
        if !token.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        let body = body.map(Value::to_string);
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, &headers, body.as_deref())
    }

    /// A call with these headers, whatever its body is.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let whole = ["/health", "/openapi.json", "/api/", "/metrics", "/ws/"];
        let prefix = if whole.iter().any(|p| path.starts_with(p)) { "" } else { "/api/v1" };
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{prefix}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => agent.run(request.body(body.to_owned()).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        Answer::read(answer.unwrap())
    }

    /// Uploads a file.
    pub fn upload(&self, token: &str, filename: &str, content: &[u8]) -> Answer {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = ureq::http::Request::builder()
            .method("POST")
            .uri(format!("http://{}/api/v1/files/upload", self.address))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "multipart/form-data; boundary=b")
            .body(body)
            .unwrap();
        Answer::read(agent.run(request).unwrap())
    }

    /// Logs in; gives the access token.
    pub fn log_in(&self, email: &str, password: &str) -> String {
        let body = serde_json::json!({"email": email, "password": password});
        let answer = self.call("POST", "/auth/login", "", Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    fn read(mut answer: ureq::http::Response<ureq::Body>) -> Self {
        let text = answer.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status: answer.status().as_u16(), headers: answer.headers().clone(), body, text }
    }

    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
