//! How many connections a person holds open.

use std::sync::Arc;

use atc_core::{Error, ErrorCode, Result, id::UserId};

use crate::App;

/// One open connection of a person; given back when it is dropped.
pub struct ConnectionPermit {
    app: Arc<App>,
    user: UserId,
}

impl App {
    /// Counts one more connection of a person.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] when the person has `limit` already.
    pub fn open_connection(
        self: &Arc<Self>,
        user: UserId,
        limit: usize,
    ) -> Result<ConnectionPermit> {
        let mut open = self.live.connections.lock().map_err(|_| Error::internal("poisoned"))?;
        let count = open.entry(user).or_default();
        if *count >= limit {
            let detail = format!("You have {limit} live connections; close one first.");
            let error = Error::new(ErrorCode::RateLimited, detail);
            return Err(Error { retry_after_s: Some(1), ..error });
        }
        *count += 1;
        Ok(ConnectionPermit { app: Arc::clone(self), user })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if let Ok(mut open) = self.app.live.connections.lock()
            && let Some(count) = open.get_mut(&self.user)
        {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}
