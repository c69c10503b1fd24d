//! The port: which server is asked, how often at the same time, and whether at all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use atc_core::{
    id::ToolServerId,
    json::RawJson,
    ports::{
        BoxFuture, FoundTools, OutgoingError, ToolResult, ToolServerAddress, ToolServerError,
        ToolServers,
    },
    tool_server::ToolName,
};
use atc_net::Client;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{breaker::Breaker, found, result, session::Session};

/// The most calls of one server at the same time.
const CALLS_AT_ONCE: usize = 4;

/// How much of what a server sends is read.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The most bytes of a session that lists tools.
    pub list_bytes: usize,
    /// The most bytes of a session that calls a tool.
    pub result_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { list_bytes: 512 * 1024, result_bytes: 256 * 1024 }
    }
}

/// Speaks MCP with servers of others.
pub struct ToolClient {
    net: Arc<Client>,
    bounds: Bounds,
    servers: Mutex<HashMap<ToolServerId, Arc<Known>>>,
}

/// What this process knows of a server.
pub(crate) struct Known {
    breaker: Mutex<Breaker>,
    places: Semaphore,
    /// Whether it turned out to know nothing newer than the handshake of 2025-11-25.
    pub legacy: std::sync::atomic::AtomicBool,
}

impl ToolClient {
    /// With the door outwards, whose own time-out must be longer than that of any call.
    #[must_use]
    pub fn new(net: Arc<Client>, bounds: Bounds) -> Self {
        Self { net, bounds, servers: Mutex::default() }
    }

    fn known(&self, id: ToolServerId) -> Arc<Known> {
        let fresh = || {
            let breaker = Mutex::default();
            Arc::new(Known { breaker, places: Semaphore::new(CALLS_AT_ONCE), legacy: false.into() })
        };
        Arc::clone(locked(&self.servers).entry(id).or_insert_with(fresh))
    }

    /// Runs one session, where the server may be asked, within its time.
    async fn session<T>(
        &self,
        server: &ToolServerAddress,
        bytes: usize,
        work: impl AsyncFnOnce(&Session) -> Result<T, ToolServerError>,
    ) -> Result<T, ToolServerError> {
        let known = self.known(server.id);
        if !locked(&known.breaker).lets_through(Instant::now()) {
            return Err(ToolServerError::NotAsked(
                "The server failed several times and is left alone for a while.",
            ));
        }
        let place = timeout(server.connect_timeout, known.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(ToolServerError::NotAsked("Too many calls of this server are under way."));
        };
        let whole = async {
            let opening = Session::open(Arc::clone(&self.net), server, bytes, &known.legacy);
            let opened = timeout(server.connect_timeout, opening).await;
            let session =
                opened.map_err(|_| ToolServerError::TimedOut(server.connect_timeout))??;
            work(&session).await
        };
        let outcome = within(server.call_timeout, whole).await;
        match &outcome {
            Err(e) if e.is_down() => locked(&known.breaker).failed(Instant::now()),
            _ => locked(&known.breaker).succeeded(),
        }
        outcome
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, ToolServerError>>,
) -> Result<T, ToolServerError> {
    timeout(time, work).await.map_err(|_| ToolServerError::TimedOut(time))?
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ToolServers for ToolClient {
    fn list<'a>(
        &'a self,
        server: &'a ToolServerAddress,
    ) -> BoxFuture<'a, Result<FoundTools, ToolServerError>> {
        Box::pin(self.session(server, self.bounds.list_bytes, async |session| {
            let (tools, more) = session.tools().await?;
            Ok(found::found(&tools, more))
        }))
    }

    fn call<'a>(
        &'a self,
        server: &'a ToolServerAddress,
        tool: &'a ToolName,
        arguments: &'a RawJson,
    ) -> BoxFuture<'a, Result<ToolResult, ToolServerError>> {
        Box::pin(self.session(server, self.bounds.result_bytes, async |session| {
            session.call(tool, arguments).await.map(|result| result::result(&result))
        }))
    }

    fn forget(&self, server: ToolServerId) {
        locked(&self.servers).remove(&server);
    }
}

/// What a failure of the door means here.
pub(crate) fn failed(e: OutgoingError) -> ToolServerError {
    match e {
        OutgoingError::Refused(why) => ToolServerError::Refused(why),
        OutgoingError::Unreachable(why) => ToolServerError::Unreachable(why),
        OutgoingError::TimedOut(after) => ToolServerError::TimedOut(after),
    }
}
