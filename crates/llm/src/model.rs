//! A provider as the port knows it: places, breaker and repetition around single calls.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use atc_core::{
    agent::{Provider, ProviderName},
    chat::{ChatAnswer, ChatError, ChatErrorKind, ChatRequest},
    latencies::Latencies,
    ports::{BoxFuture, ChatModel, Deltas, EngineState, ProviderStatus},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout_at},
};

use crate::{
    attempt::Endpoint,
    breaker::{Breaker, Pass, Rests, Verdict},
    fault::Fault,
    gathered::Teller,
    plain::Plain,
    repeat::Waits,
};

/// One provider.
pub(crate) struct Model {
    name: ProviderName,
    endpoint: Endpoint,
    timeout: Duration,
    max_retries: u8,
    places: Semaphore,
    breaker: Breaker,
    plain: Plain,
    latencies: Latencies,
    last_error: Mutex<Option<String>>,
}

impl Model {
    pub fn new(provider: &Provider, endpoint: Endpoint, rests: Rests) -> Self {
        Self {
            name: provider.name.clone(),
            endpoint,
            timeout: provider.timeout,
            max_retries: provider.max_retries,
            places: Semaphore::new(usize::from(provider.max_concurrent.max(1))),
            breaker: Breaker::new(rests),
            plain: Plain::default(),
            latencies: Latencies::default(),
            last_error: Mutex::default(),
        }
    }

    /// Asks until there is an answer, the time is up, or asking again is in vain.
    async fn ask(
        &self,
        request: &ChatRequest,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<ChatAnswer, ChatError> {
        let mut waits = Waits::new(self.max_retries);
        loop {
            let in_words = self.plain.told(request);
            let asked = in_words.as_ref().unwrap_or(request);
            let (place, pass) = self.leave(until).await?;
            let outcome = self.attempt(asked, until, teller).await;
            drop(place);
            let now = Instant::now();
            let (fault, verdict) = match outcome {
                Ok(answer) => {
                    pass.settle(Verdict::Well, now);
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            if fault.no_schema && self.plain.learn(&request.model) {
                pass.settle(verdict, now);
                continue;
            }
            let wait = waits.after(&fault).filter(|wait| now + *wait < until && !teller.told());
            // What it wants counts for all calls where this one cannot wait for it.
            let verdict = match (wait, fault.error.retry_after, verdict) {
                (None, Some(rest), Verdict::Failed) => Verdict::Rest(rest),
                (_, _, verdict) => verdict,
            };
            pass.settle(verdict, now);
            match wait {
                Some(wait) if !self.breaker.is_open() => sleep(wait).await,
                _ => return Err(fault.error),
            }
        }
    }

    /// A place among the calls at the same time, and leave of the breaker.
    async fn leave(&self, until: Instant) -> Result<(SemaphorePermit<'_>, Pass<'_>), ChatError> {
        let refused = |detail: &str| ChatError::new(ChatErrorKind::NotAsked, detail);
        let Ok(Ok(place)) = timeout_at(until, self.places.acquire()).await else {
            return Err(refused("All places for calls at the same time were taken."));
        };
        let pass = self.breaker.enter(Instant::now()).map_err(|rest| {
            let why = self.last_error().unwrap_or_default();
            let mut error = refused(&format!("It is left alone for a while, as it failed: {why}"));
            error.retry_after = Some(rest);
            error
        })?;
        Ok((place, pass))
    }

    async fn attempt(
        &self,
        request: &ChatRequest,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Result<ChatAnswer, (Fault, Verdict)> {
        let begun = Instant::now();
        let own = begun + self.timeout;
        let outcome = timeout_at(own.min(until), self.endpoint.ask(request, teller)).await;
        let Ok(outcome) = outcome else {
            // Who gives up early learns nothing about the provider.
            let long = begun.elapsed() >= self.timeout / 2;
            let verdict = if long { Verdict::Failed } else { Verdict::Nothing };
            let fault = Fault::new(ChatErrorKind::TimedOut, "The answer did not come in time.");
            return Err((self.noted(fault), verdict));
        };
        outcome.map_err(|fault| {
            let verdict = match fault.error.kind {
                ChatErrorKind::BadRequest => Verdict::Well,
                ChatErrorKind::Unauthorized => Verdict::Unauthorized,
                _ => Verdict::Failed,
            };
            (self.noted(fault), verdict)
        })
    }

    fn noted(&self, fault: Fault) -> Fault {
        let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(fault.error.detail.clone());
        drop(last);
        tracing::debug!(provider = %self.name, error = %fault.error, "an attempt failed");
        fault
    }

    fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ChatModel for Model {
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        within: Duration,
        deltas: Option<Deltas<'a>>,
    ) -> BoxFuture<'a, Result<ChatAnswer, ChatError>> {
        Box::pin(async move {
            let begun = Instant::now();
            let outcome = self.ask(request, begun + within, &mut Teller::new(deltas)).await;
            self.latencies.note(begun.elapsed(), outcome.is_err());
            outcome
        })
    }

    fn status(&self) -> ProviderStatus {
        let state = if self.breaker.is_open() {
            EngineState::Unavailable
        } else if self.breaker.failures() > 0 {
            EngineState::Degraded
        } else {
            EngineState::Ready
        };
        let (calls, errors) = self.latencies.counts();
        let (p50_ms, p95_ms) = self.latencies.percentiles();
        ProviderStatus { state, last_error: self.last_error(), calls, errors, p50_ms, p95_ms }
    }
}
