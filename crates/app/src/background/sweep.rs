//! Sweeping: forgetting what is promised no longer.

use std::time::Duration;

use atc_core::Result;
use chrono::TimeDelta;

use crate::App;

/// How often there is something worth sweeping.
pub(super) const INTERVAL: Duration = Duration::from_hours(1);
/// How long an ended session is kept, for whoever looks into an incident.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

impl App {
    /// Forgets kept answers and ended sessions.
    pub(super) async fn sweep(&self) -> Result<()> {
        let answers = self.forget_old_answers().await?;
        let tx = self.store.begin().await?;
        let sessions = tx.sessions().delete_expired(self.now() - SESSIONS_KEPT).await?;
        tx.commit().await?;
        tracing::debug!(answers, sessions, "swept");
        Ok(())
    }
}
