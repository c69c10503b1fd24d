//! JWTs of this program, after RFC 8725: one algorithm, a type of their own, claims of a fixed form. Both kinds
//! of access tokens are made and opened here; whose they are and for what they serve, each kind checks itself.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::Error};
use serde::{Serialize, de::DeserializeOwned};

const ALGORITHM: Algorithm = Algorithm::HS256;
/// RFC 9068's type for access tokens: no other JWT can be taken for one.
const TYPE: &str = "at+jwt";
/// How far the clock of the process that made a token may be ahead of this one's, in seconds (RFC 7519,
/// section 4.1.4, has a small leeway for that).
pub(crate) const LEEWAY_S: i64 = 60;

/// Signs and opens tokens that say `C`.
pub(crate) struct Jwt<C> {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    claims: PhantomData<fn() -> C>,
}

impl<C: Serialize + DeserializeOwned> Jwt<C> {
    /// With this secret. Issuer and audience are held against what is given; where nothing is, they must only be
    /// there, and whoever opens a token compares them.
    pub fn new(secret: &[u8], issued: Option<(&str, &str)>) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        match issued {
            Some((issuer, audience)) => {
                validation.set_issuer(&[issuer]);
                validation.set_audience(&[audience]);
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The times are checked against the clock of the application.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            claims: PhantomData,
        }
    }

    /// A token that says so.
    pub fn sign(&self, claims: &C) -> Result<String, Error> {
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TYPE.to_owned());
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// What a token says, if it is ours; see [`in_force`] for whether it still does.
    pub fn open(&self, token: &str) -> Option<C> {
        let data = jsonwebtoken::decode::<C>(token, &self.decoding, &self.validation).ok()?;
        // An extension that must be understood is one that is not understood here (RFC 7515, 4.1.11).
        let ours = data.header.typ.as_deref() == Some(TYPE) && data.header.crit.is_none();
        ours.then_some(data.claims)
    }
}

/// Whether a token of these times, in Unix seconds, serves now.
pub(crate) fn in_force(iat: i64, exp: i64, now: DateTime<Utc>) -> bool {
    let now = now.timestamp();
    now < exp && iat <= now + LEEWAY_S
}

/// What somebody else might make.
#[cfg(test)]
pub(crate) mod forged {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    /// A token with this header and these claims.
    pub fn forge(header: Value, claims: &Value, secret: &[u8]) -> String {
        let header: Header = serde_json::from_value(header).unwrap();
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    /// The header of a token of ours.
    pub fn header() -> Value {
        json!({"alg": "HS256", "typ": super::TYPE})
    }

    /// Headers that no token of ours has, though its signature may be right.
    pub fn headers() -> [Value; 5] {
        [
            json!({"alg": "HS384", "typ": super::TYPE}),
            json!({"alg": "HS512", "typ": super::TYPE}),
            json!({"alg": "HS256", "typ": "JWT"}),
            json!({"alg": "HS256"}),
            json!({"alg": "HS256", "typ": super::TYPE, "crit": ["exp"]}),
        ]
    }
}
