//! The keys about people and secrets.

use atc_app::RateLimits;
use atc_core::user::{Email, Password};
use secrecy::SecretString;

use super::{
    fault::{Noted, Reader},
    parse,
    server::Environment,
};

/// The least bytes of a secret: as many as SHA-256 gives (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;
const A_SECRET: &str = "<the output of: openssl rand -hex 32>";

/// People and secrets.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Signs logins, where it was given.
    pub jwt_secret: Option<SecretString>,
    /// Seals what must not be read, where it was given.
    pub encryption_key: Option<SecretString>,
    /// Others that open what they sealed.
    pub other_encryption_keys: Vec<SecretString>,
    /// The first administrator, where one was given.
    pub admin: Option<(Email, Password)>,
    /// Whether anyone may make an account.
    pub registration_open: bool,
    /// How long an access token serves.
    pub access_token_ttl_s: u32,
    /// How long a login lasts without being refreshed.
    pub refresh_token_ttl_s: u32,
    /// How long the refresh token before the newest one gets the same answer.
    pub refresh_leeway_s: u32,
    /// The cost of a password's hash.
    pub bcrypt_cost: u32,
    /// How many passwords are hashed at the same time.
    pub password_workers: usize,
    /// The limits of requests.
    pub rate_limits: RateLimits,
}

impl Accounts {
    pub(super) fn read(
        r: &mut Reader<'_>,
        environment: Option<Environment>,
    ) -> Result<Self, Noted> {
        let jwt_secret = own_secret(r, "JWT_SECRET_KEY", environment);
        let encryption_key = own_secret(r, "ENCRYPTION_KEY", environment);
        let others = r.optional("OTHER_ENCRYPTION_KEYS", A_SECRET, parse::list(secret));
        let admin = admin(r);
        let policies = [("open", true), ("closed", false)];
        let registration = r.required("REGISTRATION", "closed", parse::word(policies));
        let access = r.required("ACCESS_TOKEN_TTL_S", "900", parse::number(10..=86_400));
        let refresh = r.required("REFRESH_TOKEN_TTL_S", "1209600", parse::number(60..=31_536_000));
        let leeway = r.required("REFRESH_LEEWAY_S", "10", parse::number(0..=300));
        let cost = r.required("BCRYPT_COST", "12", parse::number(12..=20));
        let workers = r.required("PASSWORD_WORKERS", "2", parse::number(1..=64));
        let limit = || parse::number(0..=1_000_000);
        let per_minute = r.required("RATE_LIMIT_PER_MINUTE", "300", limit());
        let auth_per_minute = r.required("RATE_LIMIT_AUTH_PER_MINUTE", "10", limit());
        let uploads_per_minute = r.required("RATE_LIMIT_UPLOADS_PER_MINUTE", "30", limit());
        Ok(Self {
            jwt_secret: jwt_secret?,
            encryption_key: encryption_key?,
            other_encryption_keys: others?.unwrap_or_default(),
            admin: admin?,
            registration_open: registration?,
            access_token_ttl_s: access?,
            refresh_token_ttl_s: refresh?,
            refresh_leeway_s: leeway?,
            bcrypt_cost: cost?,
            password_workers: workers?,
            rate_limits: RateLimits {
                per_minute: per_minute?,
                auth_per_minute: auth_per_minute?,
                uploads_per_minute: uploads_per_minute?,
            },
        })
    }
}

fn secret(text: &str) -> Result<SecretString, String> {
    match text.len() {
        MIN_SECRET_BYTES.. => Ok(SecretString::from(text)),
        n => Err(format!("has {n} bytes, but needs at least {MIN_SECRET_BYTES}")),
    }
}

/// A secret that is made where it is missing, but not in production: there each process of the
/// installation needs the same one, and a lost folder must not end every login.
fn own_secret(
    r: &mut Reader<'_>,
    key: &'static str,
    environment: Option<Environment>,
) -> Result<Option<SecretString>, Noted> {
    let secret = r.optional(key, A_SECRET, secret)?;
    if secret.is_none() && environment == Some(Environment::Production) {
        r.note(key, None, "is not set, but ENVIRONMENT=production demands it", A_SECRET);
        return Err(Noted);
    }
    Ok(secret)
}

fn admin(r: &mut Reader<'_>) -> Result<Option<(Email, Password)>, Noted> {
    const EMAIL: (&str, &str) = ("ADMIN_EMAIL", "admin@example.com");
    const PASSWORD: (&str, &str) = ("ADMIN_PASSWORD", "<12 characters to 72 bytes>");
    let email = r.optional(EMAIL.0, EMAIL.1, |text| {
        Email::parse(text).map_err(|_| "is not an e-mail address".to_owned())
    });
    let password = r.optional(PASSWORD.0, PASSWORD.1, |text| {
        Password::parse(text)
            .map_err(|e| format!("is refused: {}", e.to_string().trim_end_matches('.')))
    });
    match (email?, password?) {
        (Some(email), Some(password)) => Ok(Some((email, password))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            r.note(PASSWORD.0, None, "is not set, but ADMIN_EMAIL is", PASSWORD.1);
            Err(Noted)
        }
        (None, Some(_)) => {
            r.note(EMAIL.0, None, "is not set, but ADMIN_PASSWORD is", EMAIL.1);
            Err(Noted)
        }
    }
}
