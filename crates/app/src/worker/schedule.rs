//! Adding the jobs of the clock.

use atc_core::{Error, Result, ports::Wake};

use super::{Registry, registry::Schedule};
use crate::App;

impl App {
    /// Adds what is due. A schedule that fails holds up no other.
    pub(super) async fn enqueue_scheduled(&self, registry: &Registry) -> Result<()> {
        let mut any = false;
        for schedule in &registry.schedules {
            match self.enqueue_due(schedule).await {
                Ok(added) => any |= added,
                Err(e) => tracing::warn!(kind = %schedule.kind,
                    error = &e as &dyn std::error::Error, "a scheduled job was not added"),
            }
        }
        if any {
            self.wake(Wake::Jobs);
        }
        Ok(())
    }

    /// Of several processes one adds the job: the one that moves the schedule on, in the same
    /// transaction.
    async fn enqueue_due(&self, schedule: &Schedule) -> Result<bool> {
        let name = schedule.kind.as_str();
        let now = self.store.jobs().now().await?;
        let Some(last) = self.store.jobs().schedule(name, schedule.pattern).await? else {
            let tx = self.store.begin().await?;
            tx.jobs().begin_schedule(name, schedule.pattern, now).await?;
            tx.commit().await?;
            return Ok(false);
        };
        let next = schedule.cron.find_next_occurrence(&last, false).map_err(Error::internal)?;
        if next > now {
            return Ok(false);
        }
        let new = (schedule.make)(self).map_err(Error::internal)?;
        let tx = self.store.begin().await?;
        if !tx.jobs().advance_schedule(name, last, now).await? {
            return Ok(false);
        }
        tx.jobs().enqueue(&new).await?;
        tx.commit().await?;
        Ok(true)
    }
}
