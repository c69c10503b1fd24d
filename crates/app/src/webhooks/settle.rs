//! Deliveries that no job tells any more.

use atc_core::{
    Error, Result,
    id::WebhookDeliveryId,
    job::{Failure, JobState},
    webhook::DeliveryState,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::DeliverWebhook;
use crate::{
    App,
    worker::{Job, Run},
};

/// How many are looked at together.
const BATCH: usize = 500;
/// Longer than all attempts take: a delivery of this age whose job nobody knows has none.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(7);

/// Notes as failed what no job tells any more: its job died with its workers, or was cancelled. Whoever
/// reads the log of deliveries sees that, and can replay it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SettleDeliveries {}

impl SettleDeliveries {
    /// Every hour, and after each death of a job.
    pub const CRON: &'static str = "7 * * * *";
}

impl Job for SettleDeliveries {
    const KIND: &'static str = "webhook.settle.v1";

    /// Many jobs may die at once.
    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let mut after = 0;
        loop {
            let pending = app.store.webhook_deliveries().pending(after, BATCH as u64).await;
            let pending = pending.map_err(Error::from)?;
            for (position, id) in &pending {
                after = *position;
                app.settle_delivery(*id).await?;
            }
            if pending.len() < BATCH {
                return Ok(());
            }
        }
    }
}

impl App {
    async fn settle_delivery(&self, id: WebhookDeliveryId) -> Result<()> {
        let key = DeliverWebhook::key(id);
        let tx = self.store.begin().await?;
        // Held until the end, so that no replay queues it in between.
        let Some(delivery) = tx.webhook_deliveries().find_for_update(id).await? else {
            return Ok(());
        };
        let newest = tx.jobs().newest_of(&key).await?;
        let is_over = match newest {
            Some((JobState::Ready | JobState::Running, _)) => false,
            Some(_) => true,
            None => delivery.created_at < self.now() - FORGOTTEN_AFTER,
        };
        if delivery.state == DeliveryState::Pending && is_over {
            tx.webhook_deliveries().settle(id, DeliveryState::Failed, self.now()).await?;
            tx.commit().await?;
            tracing::warn!(delivery = %id, "a delivery is given up: its job is over");
        }
        Ok(())
    }
}
