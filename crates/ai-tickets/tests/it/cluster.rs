//! Several processes of one installation on one PostgreSQL server, woken by it or by Redis.

use std::{
    io::ErrorKind,
    net::TcpStream,
    pin::Pin,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atc_testkit::{RedisServer, TestDb, found};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

use crate::{
    files::{admin, try_upload},
    program::{Installation, Server, eventually},
};

/// How long a socket is listened to: shorter than [`LATE`], so that what comes in time was announced.
const SOON: Duration = Duration::from_secs(30);
/// How often processes look by themselves, in milliseconds: the longest that the configuration allows.
const LATE: &str = "60000";

/// What wakes the processes.
#[derive(Clone, Copy)]
enum Bus {
    Postgres,
    /// Redis, with a number of its databases that no other test uses.
    Redis(u8),
}

/// An installation whose processes find nothing in time by looking.
fn cluster(db: &TestDb, bus: Bus) -> Option<Installation> {
    let installation = Installation::new()
        .with("DATABASE_URL", &db.url)
        .with("DATABASE_MAX_CONNECTIONS", "4")
        .with("EVENTS_POLL_MS", LATE)
        .with("BACKGROUND_POLL_MS", LATE);
    Some(match bus {
        Bus::Postgres => installation,
        Bus::Redis(number) => {
            let url = format!("{}/{number}", found("TEST_REDIS_URL")?.trim_end_matches('/'));
            installation.with("REDIS_URL", &url)
        }
    })
}

/// Runs a test that blocks on a database of its own.
fn on_postgres(bus: Bus, test: fn(&Installation)) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let Some(db) = TestDb::postgres().await else { return };
        if let Some(installation) = cluster(&db, bus) {
            tokio::task::spawn_blocking(move || test(&installation)).await.unwrap();
        }
        db.close().await;
    })
}

/// A socket of this person.
struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn open(server: &Server, path: &str, token: &str) -> Self {
        let mut request = format!("ws://{}{path}", server.address).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Self(tungstenite::client(request, stream).unwrap().0)
    }

    /// The next event of this kind.
    #[track_caller]
    fn event(&mut self, kind: &str) -> Value {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => {
                    let event: Value = serde_json::from_str(&text).unwrap();
                    if event["type"] == kind {
                        return event["data"].clone();
                    }
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Err(tungstenite::Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                    panic!("no {kind} in time")
                }
                other => panic!("no {kind}, but {other:?}"),
            }
        }
    }

    /// The code with which it is closed.
    #[track_caller]
    fn close_code(&mut self) -> u16 {
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return frame.unwrap().code.into(),
                Ok(_) => {}
                other => panic!("not closed, but {other:?}"),
            }
        }
    }
}

fn new_ticket(title: &str) -> Value {
    json!({"title": title, "description": "", "category": "bug", "priority": "low"})
}

fn told_everywhere(installation: &Installation) {
    let one = installation.serve_roles("api", "one.log");
    let other = installation.serve_roles("api", "other.log");
    let _worker = installation.serve_roles("worker", "worker.log");
    let token = admin(installation, &one);

    let mut tickets = Socket::open(&other, "/ws/tickets", &token);
    for n in 0..5 {
        let title = format!("Ticket {n}");
        assert_eq!(one.call("POST", "/tickets", &token, Some(&new_ticket(&title))).status, 201);
        assert_eq!(tickets.event("ticket.created")["title"], *title);
    }

    let mut files = Socket::open(&other, "/ws/files", &token);
    let (status, file) = try_upload(&one, &token, "note.txt", b"The printer is on fire.").unwrap();
    assert_eq!(status, 201);
    assert_eq!(files.event("file.processed")["id"], file["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_does_is_told_by_another_at_once_through_postgres() {
    on_postgres(Bus::Postgres, told_everywhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_does_is_told_by_another_at_once_through_redis() {
    on_postgres(Bus::Redis(1), told_everywhere).await;
}

fn out_everywhere(installation: &Installation) {
    let one = installation.serve_roles("api", "one.log");
    let other = installation.serve_roles("api", "other.log");
    let token = admin(installation, &one);
    let mut socket = Socket::open(&other, "/ws/tickets", &token);
    assert_eq!(other.call("GET", "/auth/me", &token, None).status, 200);
    assert_eq!(one.call("DELETE", "/auth/logout", &token, None).status, 204);
    assert_eq!(other.call("GET", "/auth/me", &token, None).status, 401);
    assert_eq!(socket.close_code(), 4401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_logs_out_at_one_process_is_out_at_all() {
    on_postgres(Bus::Postgres, out_everywhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    on_postgres(Bus::Postgres, |installation| {
        installation.run(&["migrate", "down", "--steps", "99"]).expect(0);
        let servers: Vec<Server> = std::thread::scope(|scope| {
            let starts: Vec<_> = ["api", "api,worker", "worker"]
                .iter()
                .enumerate()
                .map(|(n, roles)| {
                    scope.spawn(move || installation.serve_roles(roles, &format!("{n}.log")))
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let ready = servers[0].call("GET", "/health/ready", "", None);
        assert_eq!(ready.status, 200, "{}", ready.body);
        admin(installation, &servers[1]);
        let said = installation.run(&["migrate", "status"]).expect(0);
        assert!(!said.out.contains("pending"), "{}", said.out);
        let users = installation.run(&["user", "list"]).expect(0);
        assert_eq!(users.out.matches("admin@localhost").count(), 1, "{}", users.out);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_limit_holds_for_all_processes() {
    let Some(db) = TestDb::postgres().await else { return };
    let Some(installation) = cluster(&db, Bus::Redis(2)) else { return };
    let installation = installation.with("RATE_LIMIT_PER_MINUTE", "10");
    tokio::task::spawn_blocking(move || {
        let one = installation.serve_roles("api", "one.log");
        let other = installation.serve_roles("api", "other.log");
        let token = admin(&installation, &one);
        let served = |server: &Server| {
            let calls = (0..10).map(|_| server.call("GET", "/auth/me", &token, None).status);
            calls.filter(|status| *status == 200).count()
        };
        // A window may turn over in between, and then lets a part through once more.
        let (first, second) = (served(&one), served(&other));
        assert!(first == 10 && second < 10, "{first} and {second}");
    })
    .await
    .unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_bus_an_installation_is_slower_and_nothing_else() {
    let Some(db) = TestDb::postgres().await else { return };
    let Some(mut redis) = RedisServer::start() else { return };
    let installation = cluster(&db, Bus::Postgres).unwrap().with("REDIS_URL", &redis.url());
    let installation = installation.with("EVENTS_POLL_MS", "500").with("BACKGROUND_POLL_MS", "500");
    tokio::task::spawn_blocking(move || {
        let one = installation.serve_roles("api", "one.log");
        let other = installation.serve_roles("api,worker", "other.log");
        let token = admin(&installation, &one);
        let mut files = Socket::open(&one, "/ws/files", &token);
        let mut tickets = Socket::open(&other, "/ws/tickets", &token);
        let queue = || {
            let health = one.call("GET", "/health", "", None).body;
            health["components"]["queue"]["status"].as_str().unwrap().to_owned()
        };
        for (n, fault) in ["-STOP", "-KILL"].into_iter().enumerate() {
            redis.signal(fault);
            let title = format!("Without it {n}");
            assert_eq!(one.call("POST", "/tickets", &token, Some(&new_ticket(&title))).status, 201);
            assert_eq!(tickets.event("ticket.created")["title"], *title);
            let (_, file) = try_upload(&one, &token, "note.txt", title.as_bytes()).unwrap();
            assert_eq!(files.event("file.processed")["id"], file["id"]);
            eventually("health says so", || queue() == "degraded");
            if fault == "-STOP" {
                redis.signal("-CONT");
            } else {
                redis.restart();
            }
            eventually("the bus is used again", || queue() == "ok");
        }
    })
    .await
    .unwrap();
    db.close().await;
}

/// What a balancer knows: who was ready a moment ago.
#[derive(Default)]
struct Balancer {
    ready: RwLock<Vec<String>>,
    stop: AtomicBool,
}

impl Balancer {
    /// Asks everyone again and again, as balancers do.
    fn watch(&self, nodes: &RwLock<Vec<String>>) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        while !self.stop.load(Ordering::Relaxed) {
            let nodes = nodes.read().unwrap().clone();
            let is_ready = |node: &String| {
                let answer = agent.get(format!("http://{node}/health/ready")).call();
                answer.is_ok_and(|answer| answer.status() == 200)
            };
            *self.ready.write().unwrap() = nodes.into_iter().filter(is_ready).collect();
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn pick(&self, n: usize) -> String {
        loop {
            let ready = self.ready.read().unwrap();
            if !ready.is_empty() {
                return ready[n % ready.len()].clone();
            }
            drop(ready);
            std::thread::yield_now();
        }
    }

    /// Makes tickets until the end; answers how many. Every request must be served at the first try.
    fn load(&self, token: &str) -> usize {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut made = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let answer = agent
                .post(format!("http://{}/api/v1/tickets", self.pick(made)))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .send(new_ticket("Under load").to_string());
            let mut answer = answer.unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            assert_eq!(answer.status(), 201, "{text}");
            made += 1;
        }
        made
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_refuses_nobody() {
    let Some(db) = TestDb::postgres().await else { return };
    let installation = cluster(&db, Bus::Postgres).unwrap().with("SHUTDOWN_DELAY_S", "2");
    tokio::task::spawn_blocking(move || {
        let start = |n: usize| installation.serve_roles("api", &format!("{n}.log"));
        let mut servers = [start(0), start(1)];
        let address = |server: &Server| server.address.to_string();
        let nodes = RwLock::new(servers.iter().map(address).collect::<Vec<_>>());
        let token = admin(&installation, &servers[0]);
        let balancer = Arc::new(Balancer::default());
        let made: usize = std::thread::scope(|scope| {
            scope.spawn(|| balancer.watch(&nodes));
            let clients: Vec<_> = (0..3).map(|_| scope.spawn(|| balancer.load(&token))).collect();
            for (n, server) in servers.iter_mut().enumerate() {
                let new = start(2 + n);
                nodes.write().unwrap().push(address(&new));
                eventually("the new one is ready", || {
                    balancer.ready.read().unwrap().contains(&address(&new))
                });
                let mut old = std::mem::replace(server, new);
                old.signal("TERM");
                assert_eq!(old.wait().code(), Some(0));
                nodes.write().unwrap().retain(|node| *node != address(&old));
            }
            balancer.stop.store(true, Ordering::Relaxed);
            clients.into_iter().map(|client| client.join().unwrap()).sum()
        });
        let listed = servers[0].call("GET", "/tickets?limit=1&include_total=true", &token, None);
        assert_eq!(listed.body["total"], made);
    })
    .await
    .unwrap();
    db.close().await;
}
