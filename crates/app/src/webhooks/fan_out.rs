//! From the event log to deliveries.

use atc_core::{Result, id::WebhookDeliveryId, ports::Wake};
use atc_store::EventFilter;

use super::DeliverWebhook;
use crate::App;

/// How many events are read together.
const BATCH: u64 = 100;

impl App {
    /// Writes deliveries down for all that happened since the last time.
    pub(crate) async fn tell_webhooks(&self) -> Result<()> {
        while self.tell_some_webhooks().await? {}
        Ok(())
    }

    /// The same for some events. Answers whether there may be more.
    async fn tell_some_webhooks(&self) -> Result<bool> {
        let endpoints = self.store.webhooks().enabled().await?;
        if endpoints.is_empty() {
            // What happens meanwhile is older than whoever is enabled next.
            return Ok(false);
        }
        let from = self.store.webhooks().position().await?;
        let events = self.store.events().after(from, &EventFilter::EVERYTHING, BATCH).await?;
        let Some(last) = events.last() else { return Ok(false) };
        let now = self.now();
        let tx = self.store.begin().await?;
        if !tx.webhooks().advance(from, last.id).await? {
            // Another process tells these.
            return Ok(true);
        }
        for event in &events {
            for endpoint in endpoints.iter().filter(|e| e.hears(event.kind, event.at)) {
                let delivery_id = WebhookDeliveryId(self.new_id());
                tx.webhook_deliveries().insert(delivery_id, endpoint.id, event, now).await?;
                tx.jobs().enqueue(&self.new_job(&DeliverWebhook { delivery_id })?).await?;
            }
        }
        tx.commit().await?;
        self.wake(Wake::Jobs);
        Ok(true)
    }
}
