//! Taking connections: their number, the time that their clients may take, and their end.

mod hurried;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Layer;
use tower::util::MapRequestLayer;

use self::hurried::Hurried;
use crate::Listen;

/// More than `Config::max_header_bytes` can be: what is between both gets a problem document.
const MOST_HEADER_BYTES: usize = 256 * 1024;
/// How long to wait after the system had no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the server could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    listen: Listen,
    address: SocketAddr,
}

impl Server {
    /// Listens; connections wait until [`Server::run`].
    ///
    /// # Errors
    /// When the address is taken or not of this machine.
    pub async fn bind(listen: Listen) -> Result<Self, ServeError> {
        let fault = |source| ServeError::Bind { address: listen.address, source };
        let listener = TcpListener::bind(listen.address).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        Ok(Self { listener, listen, address })
    }

    /// Where it listens; with port 0 asked for, this is the port that was given.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is cancelled; then takes no more connections, lets those that are
    /// open finish their request, and returns after [`Listen::shutdown_grace`] at the latest.
    pub async fn run(self, router: Router, tasks: &TaskTracker, shutdown: CancellationToken) {
        let Self { listener, listen, .. } = self;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(listen.header_timeout)
            .max_buf_size(MOST_HEADER_BYTES);
        let connections = Connections {
            http,
            router,
            open: TaskTracker::new(),
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
            room: Arc::new(Semaphore::new(listen.max_connections)),
            patience: listen.answer_timeout,
        };
        tokio::select! {
            () = connections.accept(&listener) => {}
            () = shutdown.cancelled() => {}
        }
        drop(listener);
        connections.open.close();
        let open = connections.open.len();
        // Those that are sockets by now have left; they end with the tasks.
        let finished = tokio::time::timeout(listen.shutdown_grace, connections.open.wait());
        if finished.await.is_err() {
            tracing::warn!(
                open,
                "connections were cut off: their requests took too long to finish"
            );
        }
    }
}

struct Connections {
    http: http1::Builder,
    router: Router,
    open: TaskTracker,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Connections {
    /// Takes connections for ever. The next one is taken when there is room for it; until then it
    /// waits in the system's queue.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = self.room.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => self.serve(stream, peer, permit),
                Err(e) => {
                    // Out of file handles, or the client was gone already: neither is our end.
                    tracing::warn!(error = %e, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        // Answers are whole when they are written; waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        let told = MapRequestLayer::new(move |mut request: http::Request<_>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let service = TowerToHyperService::new(told.layer(self.router.clone()));
        let (stream, is_socket) = Hurried::new(stream, self.patience);
        let connection = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let shutdown = self.shutdown.clone();
        let served = async move {
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(e) = ended {
                tracing::debug!(error = %e, "a connection ended early");
            }
            is_socket.store(true, Ordering::Relaxed);
            drop(permit);
        };
        self.tasks.spawn(self.open.track_future(served));
    }
}
