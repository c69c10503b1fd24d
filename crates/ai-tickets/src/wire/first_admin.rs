//! The first administrator of an installation.

use std::path::PathBuf;

use anyhow::Result;
use atc_app::App;
use atc_core::user::{Email, Password};

use super::secrets;
use crate::config::{Environment, Settings};

/// Who administers an installation in development, where nobody was named.
pub const EMAIL: &str = "admin@localhost";
/// The file in `DATA_DIR` that keeps the password that was made for them.
pub const PASSWORD_FILE: &str = "admin-password";

/// The first administrator, who was made just now.
pub struct FirstAdmin {
    /// Under which address they log in.
    pub email: Email,
    /// The password that was made for them, and the file that keeps it.
    pub made: Option<(Password, PathBuf)>,
}

/// Makes the first administrator, where there is none and it is known who that shall be.
pub async fn first_admin(app: &App, settings: &Settings) -> Result<Option<FirstAdmin>> {
    if !app.has_no_admin().await? {
        return Ok(None);
    }
    let (email, password, file) = match (&settings.accounts.admin, settings.server.environment) {
        (Some((email, password)), _) => (email.clone(), password.clone(), None),
        (None, Environment::Development) => {
            // Kept before the account is made: whatever happens in between, it is not lost.
            let made = secrets::made_once(&settings.data_dir, PASSWORD_FILE, secrets::readable)?;
            let file = settings.data_dir.join(PASSWORD_FILE);
            (Email::parse(EMAIL)?, Password::parse(made)?, Some(file))
        }
        (None, Environment::Production) => {
            tracing::warn!(
                "nobody administers this installation yet: set ADMIN_EMAIL and ADMIN_PASSWORD, or run \
                 `ai-tickets user create --role admin`"
            );
            return Ok(None);
        }
    };
    let made = app.create_first_admin(email, password.clone()).await?;
    Ok(made.map(|user| FirstAdmin { email: user.email, made: file.map(|file| (password, file)) }))
}
