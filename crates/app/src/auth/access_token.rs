//! Access tokens of logins.

use atc_core::id::{SessionId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::jwt::{Jwt, in_force};

const ISSUER: &str = "ai-tickets";
const AUDIENCE: &str = "ai-tickets-api";

/// Makes and reads access tokens.
pub(crate) struct AccessTokens {
    jwt: Jwt<Claims>,
    ttl_s: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

impl AccessTokens {
    pub fn new(secret: &[u8], ttl_s: u32) -> Self {
        Self { jwt: Jwt::new(secret, Some((ISSUER, AUDIENCE))), ttl_s }
    }

    /// Seconds that a token serves.
    pub fn ttl_s(&self) -> u32 {
        self.ttl_s
    }

    /// A token for a person's session.
    pub fn issue(
        &self,
        user: UserId,
        session: SessionId,
        jti: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.0,
            sid: session.0,
            jti,
            iat,
            exp: iat + i64::from(self.ttl_s),
        };
        self.jwt.sign(&claims)
    }

    /// When a token ends that is in force.
    pub fn ends_at(&self, token: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let claims = self.open(token, now)?;
        DateTime::from_timestamp(claims.exp, 0)
    }

    /// The person and session that a token names, if it is ours and in force. Says nothing of
    /// whether the session still lives.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<(UserId, SessionId)> {
        let claims = self.open(token, now)?;
        Some((UserId(claims.sub), SessionId(claims.sid)))
    }

    fn open(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        self.jwt.open(token).filter(|claims| in_force(claims.iat, claims.exp, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::jwt::{
        LEEWAY_S,
        forged::{forge, header, headers},
    };
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn tokens() -> AccessTokens {
        AccessTokens::new(SECRET, 900)
    }

    fn noon() -> DateTime<Utc> {
        "2026-01-31T12:00:00Z".parse().unwrap()
    }

    fn good_claims() -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::nil(), "sid": Uuid::nil(),
            "jti": Uuid::nil(), "iat": noon().timestamp(), "exp": noon().timestamp() + 900,
        })
    }

    #[test]
    fn a_token_of_ours_is_read_until_it_ends() {
        let token = tokens()
            .issue(UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)), Uuid::nil(), noon())
            .unwrap();
        let at = |s| tokens().read(&token, noon() + chrono::TimeDelta::seconds(s));
        assert_eq!(at(899), Some((UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)))));
        assert_eq!(at(900), None);
        assert!(at(-LEEWAY_S).is_some(), "the clock of who made it may be a little ahead");
        assert_eq!(at(-LEEWAY_S - 1), None, "a token from the future");
    }

    #[test]
    fn nothing_else_is_read() {
        assert!(tokens().read(&forge(header(), &good_claims(), SECRET), noon()).is_some());

        let other_key = forge(header(), &good_claims(), b"another secret of enough bytes ..");
        assert_eq!(tokens().read(&other_key, noon()), None);
        for header in headers() {
            let token = forge(header.clone(), &good_claims(), SECRET);
            assert_eq!(tokens().read(&token, noon()), None, "{header}");
        }
        for (name, value) in [
            ("iss", json!("someone")),
            ("aud", json!("another-api")),
            ("aud", json!(["another-api"])),
            ("exp", json!(noon().timestamp())),
            ("exp", json!("never")),
            ("iat", json!(noon().timestamp() + LEEWAY_S + 1)),
            ("sub", json!("admin")),
            ("role", json!("admin")),
        ] {
            let mut claims = good_claims();
            claims[name] = value.clone();
            let token = forge(header(), &claims, SECRET);
            assert_eq!(tokens().read(&token, noon()), None, "{name} = {value}");
        }
        for missing in ["iss", "aud", "sub", "sid", "jti", "iat", "exp"] {
            let mut claims = good_claims();
            claims.as_object_mut().unwrap().remove(missing);
            let token = forge(header(), &claims, SECRET);
            assert_eq!(tokens().read(&token, noon()), None, "without {missing}");
        }
    }

    #[test]
    fn an_unsigned_token_is_not_read() {
        let part = |v: &Value| BASE64_URL_SAFE_NO_PAD.encode(v.to_string());
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let header = part(&json!({"alg": alg, "typ": "at+jwt"}));
            for signature in ["", "AA"] {
                let token = format!("{header}.{}.{signature}", part(&good_claims()));
                assert_eq!(tokens().read(&token, noon()), None);
            }
        }
        for junk in ["", ".", "..", "a.b.c", "ä.ö.ü"] {
            assert_eq!(tokens().read(junk, noon()), None);
        }
    }
}
