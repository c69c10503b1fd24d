//! Sending traces to the collector that the operator named.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use http::{Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use tokio::runtime::Handle;

use crate::{SetUpError, client};

/// How long the whole of a call may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read: what it says is not needed.
const ANSWER_BYTES: usize = 64 * 1024;

/// Calls the collector of traces. It is named by the operator, as the database is, so that no guard stands
/// before it.
pub struct Collector {
    http: reqwest::Client,
    runtime: Handle,
}

impl Collector {
    /// Calls from this runtime: whoever sends traces does so from a thread outside of it.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(runtime: Handle) -> Result<Self, SetUpError> {
        let http = client::built(|| client::builder().timeout(TIMEOUT).pool_max_idle_per_host(1))?;
        Ok(Self { http, runtime })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        // Ends within the time-out, and nothing waits for it when the process ends.
        self.runtime.spawn(send(http, request)).await?
    }
}

async fn send(
    http: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES
        && let Some(piece) = answer.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    Ok(Response::builder().status(answer.status()).body(body.into())?)
}
