//! Access tokens of grants: JWT after RFC 9068, for the one server that they were asked for (RFC 8707).

use atc_core::{
    id::{GrantId, UserId},
    token::Scope,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OauthSite, known_scopes, scope_text};
use crate::auth::jwt::{Jwt, in_force};

/// Makes and reads access tokens of grants. Those of logins have other claims, and neither is read as the other.
pub(crate) struct GrantTokens {
    jwt: Jwt<Claims>,
    ttl_s: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: String,
    /// The grant.
    gid: Uuid,
    jti: Uuid,
    scope: String,
    iat: i64,
    exp: i64,
}

/// What a token says; whether its grant still lives is another question.
pub(crate) struct GrantClaim {
    pub grant: GrantId,
    pub user: UserId,
    pub scopes: Vec<Scope>,
    pub ends_at: DateTime<Utc>,
}

/// For whom a token is made, and what it is good for.
pub(crate) struct NewGrantToken<'a> {
    pub grant: GrantId,
    pub user: UserId,
    pub client_id: &'a str,
    pub scopes: &'a [Scope],
}

impl GrantTokens {
    pub fn new(secret: &[u8], ttl_s: u32) -> Self {
        Self { jwt: Jwt::new(secret, None), ttl_s }
    }

    /// Seconds that a token serves.
    pub fn ttl_s(&self) -> u32 {
        self.ttl_s
    }

    /// A token for the resource of this site.
    pub fn issue(
        &self,
        new: &NewGrantToken<'_>,
        site: &OauthSite,
        jti: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.timestamp();
        let claims = Claims {
            iss: site.issuer.clone(),
            aud: site.resource.clone(),
            sub: new.user.0,
            client_id: new.client_id.to_owned(),
            gid: new.grant.0,
            jti,
            scope: scope_text(new.scopes),
            iat,
            exp: iat + i64::from(self.ttl_s),
        };
        self.jwt.sign(&claims)
    }

    /// What a token says, if it is ours, in force, and for this resource.
    pub fn read(&self, token: &str, resource: &str, now: DateTime<Utc>) -> Option<GrantClaim> {
        let claims = self.jwt.open(token)?;
        let serves = claims.aud == resource && in_force(claims.iat, claims.exp, now);
        serves.then(|| claims.read()).flatten()
    }

    /// What a token of ours says, however old it is: for whoever gives it back.
    pub fn read_any(&self, token: &str) -> Option<GrantClaim> {
        self.jwt.open(token)?.read()
    }
}

impl Claims {
    fn read(self) -> Option<GrantClaim> {
        Some(GrantClaim {
            grant: GrantId(self.gid),
            user: UserId(self.sub),
            scopes: known_scopes(&self.scope),
            ends_at: DateTime::from_timestamp(self.exp, 0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{
        AccessTokens,
        jwt::{
            LEEWAY_S,
            forged::{forge, header, headers},
        },
    };
    use atc_core::id::SessionId;
    use serde_json::json;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn tokens() -> GrantTokens {
        GrantTokens::new(SECRET, 900)
    }

    fn noon() -> DateTime<Utc> {
        "2026-01-31T12:00:00Z".parse().unwrap()
    }

    fn site() -> OauthSite {
        OauthSite { issuer: "https://a.example".into(), resource: "https://a.example/mcp".into() }
    }

    fn issued() -> String {
        let new = NewGrantToken {
            grant: GrantId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            client_id: "program",
            scopes: &[Scope::TicketsRead],
        };
        tokens().issue(&new, &site(), Uuid::nil(), noon()).unwrap()
    }

    #[test]
    fn a_token_serves_until_it_ends_at_its_resource_alone() {
        let token = issued();
        let at = |resource: &str, s| {
            tokens().read(&token, resource, noon() + chrono::TimeDelta::seconds(s))
        };
        let claim = at("https://a.example/mcp", 899).unwrap();
        assert_eq!((claim.grant.0, claim.user.0), (Uuid::from_u128(1), Uuid::from_u128(2)));
        assert_eq!(claim.scopes, [Scope::TicketsRead]);
        assert!(at("https://a.example/mcp", 900).is_none());
        assert!(at("https://a.example/mcp", -LEEWAY_S - 1).is_none());
        for other in ["https://a.example", "https://a.example/mcp/", "https://b.example/mcp", ""] {
            assert!(at(other, 0).is_none(), "{other}");
        }
        assert!(tokens().read_any(&token).is_some());
    }

    #[test]
    fn tokens_of_logins_and_of_grants_are_not_taken_for_each_other() {
        let logins = AccessTokens::new(SECRET, 900);
        let of_login =
            logins.issue(UserId(Uuid::nil()), SessionId(Uuid::nil()), Uuid::nil(), noon()).unwrap();
        assert!(tokens().read_any(&of_login).is_none());
        assert!(tokens().read(&of_login, "ai-tickets-api", noon()).is_none());
        assert!(logins.read(&issued(), noon()).is_none());
    }

    #[test]
    fn nothing_forged_is_read() {
        let good = json!({
            "iss": "https://a.example", "aud": "https://a.example/mcp", "sub": Uuid::nil(),
            "client_id": "program", "gid": Uuid::nil(), "jti": Uuid::nil(), "scope": "tickets:read",
            "iat": noon().timestamp(), "exp": noon().timestamp() + 900,
        });
        let read = |token: &str| tokens().read(token, "https://a.example/mcp", noon()).is_some();
        assert!(read(&forge(header(), &good, SECRET)));
        assert!(!read(&forge(header(), &good, b"another secret of enough bytes ..")));
        for header in headers() {
            assert!(!read(&forge(header.clone(), &good, SECRET)), "{header}");
        }
        for missing in ["iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert!(!read(&forge(header(), &claims, SECRET)), "without {missing}");
        }
        let mut claims = good.clone();
        claims["role"] = json!("admin");
        assert!(!read(&forge(header(), &claims, SECRET)));
        claims = good.clone();
        claims["aud"] = json!(["https://a.example/mcp"]);
        assert!(!read(&forge(header(), &claims, SECRET)));
    }
}
