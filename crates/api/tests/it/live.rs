//! What the tests of live updates share: a server on a port of its own, and real clients.

use std::net::SocketAddr;

use atc_api::Server;
use atc_testkit::{TestApp, TestDb, listen};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinHandle};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A program that listens.
pub struct Live {
    pub app: TestApp,
    pub address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Live {
    pub async fn start(db: &TestDb) -> Self {
        Self::with(db, |_, _| {}).await
    }

    pub async fn with(
        db: &TestDb,
        adjust: impl FnOnce(&mut atc_app::Config, &mut atc_api::Config),
    ) -> Self {
        let app = TestApp::with(db, adjust);
        app.app.start_relay();
        let server = Server::bind(listen()).await.expect("a free port");
        let address = server.local_addr();
        let stop = app.app.shutdown_token().clone();
        let (token, tasks) = (stop.clone(), app.app.tasks().clone());
        let router = atc_api::router(app.state.clone());
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        let server = tokio::spawn(async move {
            server.run(router, &tasks, token).await;
        });
        Self { app, address, stop, server }
    }

    /// Tries to open a socket with these headers; the status where it is refused.
    pub async fn open(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request =
            format!("ws://{}{path}", self.address).into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => {
                let kind = answer.headers().get("content-type").and_then(|v| v.to_str().ok());
                assert_eq!(kind, Some("application/problem+json"));
                Err(answer.status().as_u16())
            }
            Err(e) => panic!("{e}"),
        }
    }

    /// An open socket of this person.
    pub async fn follow(&self, path: &str, token: &str) -> Socket {
        let bearer = format!("Bearer {token}");
        self.open(path, &[("authorization", bearer.as_str())]).await.expect("the socket opens")
    }

    /// Ends the server and waits for everything that it runs.
    pub async fn stop(self) {
        self.stop.cancel();
        self.server.await.expect("the server ends");
        self.app.app.tasks().close();
        self.app.app.tasks().wait().await;
    }
}

/// The next event.
pub async fn event(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("no event, but {other:?}"),
        }
    }
}

/// The code with which the socket is closed; what comes before is skipped.
pub async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => {
                let _ = socket.flush().await;
                return frame.map_or(1005, |f| f.code.into());
            }
            Some(Ok(_)) => {}
            other => panic!("not closed, but {other:?}"),
        }
    }
}
