//! The client.

use std::{error::Error as _, sync::Arc, time::Duration};

use atc_core::ports::{
    BoxFuture, Outgoing, OutgoingAnswer, OutgoingError, OutgoingPage, OutgoingPost,
};
use http::{
    HeaderMap,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use reqwest::{Certificate, ClientBuilder, redirect::Policy};
use url::Url;

use crate::{Guard, answer::wait, resolve::Guarded};

/// The program's name and version, as others see them.
const USER_AGENT: &str = concat!("ai-tickets/", env!("CARGO_PKG_VERSION"));

/// How long a call may take, and how much of an answer is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the name to the end of the answer.
    pub timeout: Duration,
    /// The most bytes of an answer; what follows is not read.
    pub answer_bytes: usize,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up calls to other servers")]
pub struct SetUpError(#[from] reqwest::Error);

/// Calls addresses that people gave.
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) guard: Arc<Guard>,
    pub(crate) limits: Limits,
}

impl Client {
    /// With what may be called.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(guard: Guard, limits: Limits) -> Result<Self, SetUpError> {
        let guard = Arc::new(guard);
        let http = built(|| {
            builder()
                .timeout(limits.timeout)
                .pool_max_idle_per_host(2)
                .dns_resolver(Guarded(Arc::clone(&guard)))
        })?;
        Ok(Self { http, guard, limits })
    }

    async fn send(&self, url: Url, post: OutgoingPost) -> Result<OutgoingAnswer, OutgoingError> {
        let mut request = self.http.post(url).header(CONTENT_TYPE, "application/json");
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        let mut answer = request.body(post.body).send().await.map_err(|e| self.failed(&e))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
        let retry_after = retry_after.and_then(wait);
        let mut text = Vec::new();
        while text.len() < self.limits.answer_bytes
            && let Some(piece) = answer.chunk().await.map_err(|e| self.failed(&e))?
        {
            let room = self.limits.answer_bytes - text.len();
            text.extend(piece.into_iter().take(room));
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(OutgoingAnswer { status, text, retry_after })
    }

    async fn read(&self, url: Url, most_bytes: usize) -> Result<OutgoingPage, OutgoingError> {
        let request = self.http.get(url).header(ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(|e| self.failed(&e))?;
        let status = answer.status().as_u16();
        let fresh_for = fresh_for(answer.headers());
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|e| self.failed(&e))? {
            if text.len() + piece.len() > most_bytes {
                let detail = format!("It has more than {most_bytes} bytes.");
                return Err(OutgoingError::Unreachable(detail));
            }
            text.extend(piece);
        }
        let text = String::from_utf8(text)
            .map_err(|_| OutgoingError::Unreachable("It is no text.".to_owned()))?;
        Ok(OutgoingPage { status, text, fresh_for })
    }

    pub(crate) fn failed(&self, e: &reqwest::Error) -> OutgoingError {
        failed(e, self.limits.timeout)
    }
}

impl Outgoing for Client {
    fn check(&self, url: &str) -> Result<(), OutgoingError> {
        self.guard.check(url).map(|_| ())
    }

    fn post(&self, post: OutgoingPost) -> BoxFuture<'_, Result<OutgoingAnswer, OutgoingError>> {
        Box::pin(async move {
            let url = self.guard.check(&post.url)?;
            self.send(url, post).await
        })
    }

    fn get(
        &self,
        url: String,
        most_bytes: usize,
    ) -> BoxFuture<'_, Result<OutgoingPage, OutgoingError>> {
        Box::pin(async move {
            let url = self.guard.check(&url)?;
            self.read(url, most_bytes).await
        })
    }
}

/// What every call outwards keeps to.
pub(crate) fn builder() -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
}

/// The client, also on a small machine that lacks the certificates of authorities: then those that Mozilla
/// trusts serve.
pub(crate) fn built(builder: impl Fn() -> ClientBuilder) -> Result<reqwest::Client, SetUpError> {
    Ok(builder().build().or_else(|_| builder().tls_certs_only(bundled()).build())?)
}

/// What became of a call, for the administrator: the refusal of the guard, or the deepest cause.
pub(crate) fn failed(e: &reqwest::Error, timeout: Duration) -> OutgoingError {
    if e.is_timeout() {
        return OutgoingError::TimedOut(timeout);
    }
    let mut deepest: &dyn std::error::Error = e;
    let mut next = e.source();
    while let Some(cause) = next {
        if let Some(refused) = cause.downcast_ref::<OutgoingError>() {
            return refused.clone();
        }
        deepest = cause;
        next = cause.source();
    }
    OutgoingError::Unreachable(format!("No answer came: {deepest}."))
}

/// The authorities that Mozilla trusts, as this program was built.
fn bundled() -> impl Iterator<Item = Certificate> {
    let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    all.filter_map(|der| Certificate::from_der(der).ok())
}

/// For how long `Cache-Control` says that an answer stays the same (RFC 9111, 5.2.2.1).
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get(CACHE_CONTROL)?.to_str().ok()?;
    let mut directives = said.split(',').map(str::trim);
    let seconds = directives.find_map(|directive| directive.strip_prefix("max-age="))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}
