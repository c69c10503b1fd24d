//! Endpoints, as administrators shape them, and what was sent to them.

use atc_core::{
    Ctx, Error, Result,
    error::Faults,
    id::{WebhookDeliveryId, WebhookEndpointId},
    idempotency::{Outcome, Remember},
    job::Enqueued,
    page::{Page, PageRequest},
    ports::Wake,
    webhook::{
        DeliveryAttempt, DeliveryState, DisabledReason, EndpointUrl, NewWebhookEndpoint,
        WebhookDelivery, WebhookEndpoint, WebhookEndpointPatch,
    },
};
use atc_store::{DeliveryPosition, SealedSecrets};
use chrono::TimeDelta;

use super::DeliverWebhook;
use crate::{App, IfMatch};

/// The most endpoints: each is called for every event.
const MOST_ENDPOINTS: usize = 100;
/// How long the secret before the newest signs as well.
const OLD_SECRET_SIGNS: TimeDelta = TimeDelta::hours(24);

/// An endpoint with its secret, which is shown once.
#[derive(Debug, Clone)]
pub struct NewEndpointSecret {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// `whsec_` and base64.
    pub secret: String,
}

impl App {
    /// All endpoints, oldest first.
    pub async fn list_webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>> {
        Ok(self.store.webhooks().list().await?)
    }

    /// One endpoint.
    pub async fn get_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
        Ok(self.store.webhooks().get(id).await?)
    }

    /// Makes an endpoint. It is told what happens from now on.
    ///
    /// # Errors
    /// Invalid when the address may not be called; a conflict when there are too many endpoints.
    pub async fn create_webhook_endpoint(
        &self,
        ctx: &Ctx,
        new: NewWebhookEndpoint,
        remember: Option<Remember<'_, NewEndpointSecret>>,
    ) -> Result<Outcome<NewEndpointSecret>> {
        self.check_endpoint_url(&new.url)?;
        let endpoint = WebhookEndpoint {
            id: WebhookEndpointId(self.new_id()),
            name: new.name,
            url: new.url,
            kinds: new.kinds,
            disabled: None,
            failing_since: None,
            enabled_at: ctx.now,
            created_at: ctx.now,
            updated_at: ctx.now,
            version: 1,
        };
        let secret = self.new_webhook_secret();
        let sealed = self.seal_secret(endpoint.id, &secret)?;
        self.create_once(remember, ctx.now, async |tx| {
            if tx.webhooks().list().await?.len() >= MOST_ENDPOINTS {
                return Err(Error::conflict("There are 100 endpoints already; delete one first."));
            }
            tx.webhooks().insert(&endpoint, sealed).await?;
            Ok(NewEndpointSecret { endpoint, secret: secret.text() })
        })
        .await
    }

    /// Changes an endpoint. One that is enabled again is told what happens from then on.
    ///
    /// # Errors
    /// Invalid when the new address may not be called.
    pub async fn update_webhook_endpoint(
        &self,
        ctx: &Ctx,
        id: WebhookEndpointId,
        patch: WebhookEndpointPatch,
        if_match: &IfMatch,
    ) -> Result<WebhookEndpoint> {
        if let Some(url) = &patch.url {
            self.check_endpoint_url(url)?;
        }
        let tx = self.store.begin().await?;
        let before = tx.webhooks().get(id).await?;
        if_match.check(before.version)?;
        let mut endpoint = before.clone();
        endpoint.name = patch.name.unwrap_or(endpoint.name);
        endpoint.url = patch.url.unwrap_or(endpoint.url);
        endpoint.kinds = patch.kinds.unwrap_or(endpoint.kinds);
        match (patch.enabled, before.disabled) {
            (Some(true), Some(_)) => {
                endpoint.disabled = None;
                endpoint.failing_since = None;
                endpoint.enabled_at = ctx.now;
            }
            (Some(false), None) => endpoint.disabled = Some(DisabledReason::ByAdmin),
            _ => {}
        }
        if endpoint == before {
            return Ok(before);
        }
        endpoint.version += 1;
        endpoint.updated_at = ctx.now;
        tx.webhooks().update(&endpoint).await?;
        tx.commit().await?;
        Ok(endpoint)
    }

    /// Deletes an endpoint with all that was sent to it.
    pub async fn delete_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        if_match: &IfMatch,
    ) -> Result<()> {
        let tx = self.store.begin().await?;
        if_match.check(tx.webhooks().get(id).await?.version)?;
        tx.webhooks().delete(id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives an endpoint a new secret. The one before it signs as well for 24 hours, so that the other side
    /// can change over without losing a call.
    pub async fn rotate_webhook_secret(
        &self,
        ctx: &Ctx,
        id: WebhookEndpointId,
    ) -> Result<NewEndpointSecret> {
        let secret = self.new_webhook_secret();
        let sealed = self.seal_secret(id, &secret)?;
        let tx = self.store.begin().await?;
        let mut endpoint = tx.webhooks().get(id).await?;
        let before = tx.webhooks().secrets(id).await?.current;
        let old = Some((before, ctx.now + OLD_SECRET_SIGNS));
        tx.webhooks().set_secrets(id, SealedSecrets { current: sealed, old }).await?;
        endpoint.version += 1;
        endpoint.updated_at = ctx.now;
        tx.webhooks().update(&endpoint).await?;
        tx.commit().await?;
        Ok(NewEndpointSecret { endpoint, secret: secret.text() })
    }

    /// What was sent to an endpoint or is on its way there, newest first.
    pub async fn list_webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        state: Option<DeliveryState>,
        page: PageRequest<DeliveryPosition>,
    ) -> Result<Page<WebhookDelivery, DeliveryPosition>> {
        self.store.webhooks().get(id).await?;
        Ok(self.store.webhook_deliveries().list(id, state, page).await?)
    }

    /// One delivery with what is sent, once it was tried, and every attempt.
    pub async fn get_webhook_delivery(
        &self,
        endpoint: WebhookEndpointId,
        id: WebhookDeliveryId,
    ) -> Result<(WebhookDelivery, Option<String>, Vec<DeliveryAttempt>)> {
        let deliveries = self.store.webhook_deliveries();
        let delivery = deliveries.get(endpoint, id).await?;
        let body = deliveries.body(id).await?;
        Ok((delivery, body, deliveries.attempts(id).await?))
    }

    /// Sends a delivery again now, with the same identity and the same body.
    ///
    /// # Errors
    /// A conflict when its endpoint is disabled.
    pub async fn replay_webhook_delivery(
        &self,
        ctx: &Ctx,
        endpoint: WebhookEndpointId,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        let tx = self.store.begin().await?;
        if tx.webhooks().get(endpoint).await?.disabled.is_some() {
            return Err(Error::conflict("The endpoint is disabled; enable it first."));
        }
        tx.webhook_deliveries().get(endpoint, id).await?;
        // The job before its delivery, as whoever runs it writes them: otherwise each could wait for the other.
        let job = self.new_job(&DeliverWebhook { delivery_id: id })?;
        if let Enqueued::Present(waiting) = tx.jobs().enqueue(&job).await? {
            tx.jobs().bring_forward(waiting).await?;
        }
        tx.webhook_deliveries().settle(id, DeliveryState::Pending, ctx.now).await?;
        let delivery = tx.webhook_deliveries().get(endpoint, id).await?;
        tx.commit().await?;
        self.wake(Wake::Jobs);
        Ok(delivery)
    }

    fn check_endpoint_url(&self, url: &EndpointUrl) -> Result<()> {
        let mut faults = Faults::new();
        let checked = faults.take("/url", self.outgoing.check(url.as_str()));
        faults.finish(checked)
    }
}
