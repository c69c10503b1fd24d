//! Sweeping: forgetting what is promised no longer.

use atc_core::{Error, job::Failure};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Job, Run};
use crate::{live::EVENTS_KEPT, oauth};

/// Every full hour.
pub(super) const CRON: &str = "0 * * * *";
/// How long an ended session or grant is kept, for whoever looks into an incident.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// How long a code is remembered that served, to notice who comes with it again.
const CODES_KEPT: TimeDelta = TimeDelta::hours(1);
/// How long jobs are listed that ended well.
const JOBS_KEPT: TimeDelta = TimeDelta::days(7);
/// How long notifications are listed.
const NOTIFICATIONS_KEPT: TimeDelta = TimeDelta::days(90);
/// How long deliveries of webhooks are listed that ended.
const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(30);

/// Forgets kept answers, ended sessions, what programs had and nobody uses, old events, notifications and deliveries, unused conversations, and jobs that were done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "system.sweep.v1";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let answers = app.forget_old_answers().await?;
        let now = app.store.jobs().now().await.map_err(Error::from)?;
        let tx = app.store.begin().await.map_err(Error::from)?;
        let ended = app.now() - SESSIONS_KEPT;
        let sessions = tx.sessions().delete_expired(ended).await.map_err(Error::from)?;
        let old = app.now() - EVENTS_KEPT;
        let events = tx.events().delete_before(old).await.map_err(Error::from)?;
        tx.ws_tickets().delete_expired(app.now()).await.map_err(Error::from)?;
        let stale = app.now() - NOTIFICATIONS_KEPT;
        tx.notifications().delete_before(stale).await.map_err(Error::from)?;
        let told = app.now() - DELIVERIES_KEPT;
        tx.webhook_deliveries().delete_before(told).await.map_err(Error::from)?;
        tx.oauth_codes().delete_expired(app.now() - CODES_KEPT).await.map_err(Error::from)?;
        tx.grants().delete_ended(ended).await.map_err(Error::from)?;
        let (never, since) = (app.now() - oauth::UNUSED_KEPT, app.now() - oauth::USED_KEPT);
        tx.oauth_clients().delete_unused(never, since).await.map_err(Error::from)?;
        let kept_days = app.config.assistant.kept_days;
        if kept_days > 0 {
            let unused = app.now() - TimeDelta::days(kept_days.into());
            tx.conversations().delete_unused(unused).await.map_err(Error::from)?;
        }
        let jobs = tx.jobs().delete_finished(now - JOBS_KEPT).await.map_err(Error::from)?;
        run.finish(tx).await?;
        tracing::debug!(answers, sessions, events, jobs, "swept");
        Ok(())
    }
}
