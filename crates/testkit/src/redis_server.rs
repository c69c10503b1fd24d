//! A Redis server that belongs to one test, which may treat it badly.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::machine::found;

/// A Redis server of one test; it ends with this value.
pub struct RedisServer {
    program: String,
    process: Child,
    port: u16,
}

impl RedisServer {
    /// Starts one on a free port; `None`, said aloud, where the machine has none.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = found("TEST_REDIS_SERVER")?;
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        let process = launch(&program, port);
        Some(Self { program, process, port })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends it a signal, such as `-STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Has it forget everything.
    pub fn flush(&self) {
        let mut server = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        server.write_all(b"FLUSHALL\r\n").expect("it hears");
        let mut answer = [0; 5];
        server.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Waits for its end after a signal, and starts it again on the same port, empty.
    pub fn restart(&mut self) {
        self.process.wait().expect("it ends");
        self.process = launch(&self.program, self.port);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(program: &str, port: u16) -> Child {
    let process = Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn()
        .expect("Redis starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "the Redis server does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    process
}
