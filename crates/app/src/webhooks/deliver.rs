//! One event is told to one endpoint, until it has taken it or days have passed.

use std::time::Duration;

use atc_core::{
    Error, Result,
    caller::Visibility,
    id::{WebhookDeliveryId, WebhookEndpointId},
    job::Failure,
    notification::NotificationKind,
    observe::TRACES,
    ports::{OutgoingAnswer, OutgoingError, OutgoingPost},
    webhook::{DeliveryAttempt, DeliveryState, DisabledReason, WebhookDelivery},
};
use atc_store::Tx;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use super::secret::headers;
use crate::{
    App,
    worker::{Job, Run},
};

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// How many seconds pass before the next attempt (Standard Webhooks, "Deliverability and reliability").
const WAITS_S: [u64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// An endpoint that has failed for so long is not called any more.
const DISABLED_AFTER: TimeDelta = TimeDelta::days(5);
/// The outcome of a call that was taken.
const DELIVERED: &str = "delivered";
/// The most characters of an answer that are kept.
const MOST_ANSWER_CHARS: usize = 1_000;

/// Tells one event to one endpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverWebhook {
    /// Which.
    pub delivery_id: WebhookDeliveryId,
}

impl DeliverWebhook {
    /// The key of the job that tells a delivery.
    pub fn key(delivery: WebhookDeliveryId) -> String {
        format!("{}:{delivery}", Self::KIND)
    }
}

impl Job for DeliverWebhook {
    const KIND: &'static str = "webhook.deliver.v1";
    const QUEUE: &'static str = "webhooks";
    #[expect(clippy::cast_possible_truncation, reason = "nine and one")]
    const MAX_ATTEMPTS: u16 = WAITS_S.len() as u16 + 1;
    const TIMEOUT: Duration = Duration::from_mins(5);

    /// By which it is found whether a delivery still has a job.
    fn unique_key(&self) -> Option<String> {
        Some(Self::key(self.delivery_id))
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let deliveries = app.store.webhook_deliveries();
        let found = deliveries.find(self.delivery_id).await.map_err(Error::from)?;
        // One that was given up is told all the same when somebody has its job tried again.
        let Some(delivery) = found.filter(|d| d.state != DeliveryState::Delivered) else {
            return Ok(());
        };
        let endpoint = app.store.webhooks().get(delivery.endpoint).await.map_err(Error::from)?;
        if endpoint.disabled.is_some() {
            let tx = app.store.begin().await.map_err(Error::from)?;
            let ended = tx.webhook_deliveries();
            let settled = ended.settle(delivery.id, DeliveryState::Failed, app.now()).await;
            settled.map_err(Error::from)?;
            return run.finish(tx).await;
        }
        let post = app.signed_post(&delivery, endpoint.url.as_str()).await?;
        let at = app.now();
        let begun = Instant::now();
        let answer = app.call_webhook(post).await;
        let took = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        app.note_answer(run, &delivery, attempt(at, took, &answer), answer).await
    }
}

impl App {
    /// Makes the call. Its address is not told to whoever watches: it may hold a secret.
    async fn call_webhook(&self, post: OutgoingPost) -> Result<OutgoingAnswer, OutgoingError> {
        let span = tracing::info_span!(
            target: TRACES,
            "webhook call",
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = "POST",
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let begun = Instant::now();
        let answer = self.outgoing.post(post).instrument(span.clone()).await;
        metrics::histogram!("webhook_call_seconds").record(begun.elapsed());
        let outcome = outcome(&answer);
        metrics::counter!("webhook_attempts_total", "outcome" => outcome).increment(1);
        if let Ok(answer) = &answer {
            span.record("http.response.status_code", answer.status);
        }
        if outcome != DELIVERED {
            span.record("error.type", outcome).record("otel.status_code", "error");
        }
        answer
    }

    /// What is sent: the same at every attempt, but signed anew.
    async fn signed_post(&self, delivery: &WebhookDelivery, url: &str) -> Result<OutgoingPost> {
        let body = match self.store.webhook_deliveries().body(delivery.id).await? {
            Some(body) => body,
            None => self.decide_body(delivery).await?,
        };
        let now = self.now();
        let secrets = self.secrets_of(delivery.endpoint, now).await?;
        let headers = headers(delivery.id, now, &body, &secrets);
        Ok(OutgoingPost { url: url.to_owned(), headers, body })
    }

    async fn decide_body(&self, delivery: &WebhookDelivery) -> Result<String> {
        let told = self.tell(&[delivery.event], Visibility::All).await?;
        let told = told.first().ok_or_else(|| Error::internal("an event was not told"))?;
        let tx = self.store.begin().await?;
        let text = (self.webhook_text)(told);
        let body = tx.webhook_deliveries().decide_body(delivery.id, &text).await?;
        tx.commit().await?;
        body.ok_or_else(|| Error::not_found("webhook delivery"))
    }

    async fn note_answer(
        &self,
        run: &Run,
        delivery: &WebhookDelivery,
        attempt: DeliveryAttempt,
        answer: Result<OutgoingAnswer, OutgoingError>,
    ) -> Result<(), Failure> {
        let taken = answer.as_ref().is_ok_and(|a| (200..300).contains(&a.status));
        let last = run.number() >= DeliverWebhook::MAX_ATTEMPTS;
        let tx = self.store.begin().await.map_err(Error::from)?;
        run.guard(&tx).await?;
        let now = self.now();
        tx.webhooks().note_call(delivery.endpoint, taken, now).await.map_err(Error::from)?;
        let disabled = !taken && self.disable_if_dead(&tx, delivery.endpoint, &answer, now).await?;
        let state = match (taken, last || disabled) {
            (true, _) => DeliveryState::Delivered,
            (false, true) => DeliveryState::Failed,
            (false, false) => DeliveryState::Pending,
        };
        let deliveries = tx.webhook_deliveries();
        deliveries.record(delivery.id, &attempt, state).await.map_err(Error::from)?;
        if taken {
            return run.finish(tx).await;
        }
        tx.commit().await.map_err(Error::from)?;
        let reason = attempt.error.unwrap_or_else(|| {
            format!("The endpoint answered {}.", attempt.status.unwrap_or_default())
        });
        if state == DeliveryState::Failed {
            return Err(Failure::fail(reason));
        }
        let asked = answer.ok().and_then(|answer| answer.retry_after).unwrap_or_default();
        let after = Some(self.wait_after(run.number()).max(asked.min(Duration::from_secs(HOUR))));
        Err(Failure::Retry { reason, after })
    }

    /// Ends the calls of an endpoint that is gone or has failed for days, and tells the administrators.
    async fn disable_if_dead(
        &self,
        tx: &Tx,
        id: WebhookEndpointId,
        answer: &Result<OutgoingAnswer, OutgoingError>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let endpoint = tx.webhooks().get(id).await?;
        let gone = answer.as_ref().is_ok_and(|answer| answer.status == 410);
        let why = match endpoint.failing_since {
            _ if gone => DisabledReason::Gone,
            Some(since) if now - since >= DISABLED_AFTER => DisabledReason::Failing,
            _ => return Ok(false),
        };
        if tx.webhooks().disable(id, why, now).await? {
            tracing::warn!(endpoint = %id, why = why.as_str(), "a webhook endpoint was disabled");
            self.notify_admins(tx, NotificationKind::WebhookDisabled, now).await?;
        }
        Ok(true)
    }

    /// How long to wait after this attempt: what the table says, and up to a fifth of it more, so that what
    /// failed together does not come back together.
    fn wait_after(&self, attempt: u16) -> Duration {
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        let step = usize::from(attempt).saturating_sub(1).min(WAITS_S.len() - 1);
        let wait_ms = WAITS_S[step] * 1_000;
        Duration::from_millis(wait_ms + u64::from_le_bytes(random) % (wait_ms / 5))
    }
}

/// What became of a call, in a word for those who count.
fn outcome(answer: &Result<OutgoingAnswer, OutgoingError>) -> &'static str {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => DELIVERED,
        Ok(_) => "refused",
        Err(OutgoingError::Refused(_)) => "not_allowed",
        Err(OutgoingError::Unreachable(_)) => "unreachable",
        Err(OutgoingError::TimedOut(_)) => "timed_out",
    }
}

fn attempt(
    at: DateTime<Utc>,
    duration_ms: u32,
    answer: &Result<OutgoingAnswer, OutgoingError>,
) -> DeliveryAttempt {
    let (status, error, text) = match answer {
        Ok(answer) => (Some(answer.status), None, Some(&answer.text)),
        Err(e) => (None, Some(e.to_string()), None),
    };
    // NUL is no text to PostgreSQL.
    let kept = |text: &String| {
        text.chars().filter(|c| *c != '\0').take(MOST_ANSWER_CHARS).collect::<String>()
    };
    // The number is given when it is written down.
    let answer = text.map(kept).filter(|text| !text.is_empty());
    DeliveryAttempt { number: 0, at, duration_ms, status, error, answer }
}
