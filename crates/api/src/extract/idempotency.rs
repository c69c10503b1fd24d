//! The header `Idempotency-Key`.

use atc_core::{
    Error, ErrorCode,
    id::UserId,
    idempotency::{IdempotencyKey, Remember, StoredAnswer},
};
use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{ApiState, problem::Problem};

/// What a request says of being made once: its key, and what it asks for besides the body.
pub(crate) struct Once {
    key: Option<String>,
    request: String,
}

impl FromRequestParts<ApiState> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let key = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(value.to_str().ok().filter(|k| is_key(k)).map_or_else(
                || {
                    Err(Error::new(
                        ErrorCode::Malformed,
                        "An Idempotency-Key has 1 to 255 visible ASCII characters.",
                    ))
                },
                |k| Ok(k.to_owned()),
            )?),
            (Some(_), Some(_)) => {
                let detail = "The header Idempotency-Key stands more than once.";
                return Err(Error::new(ErrorCode::Malformed, detail).into());
            }
        };
        let uri = parts
            .extensions
            .get::<axum::extract::OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        let request = format!("{} {uri}", parts.method);
        Ok(Self { key, request })
    }
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

impl Once {
    /// How a creation is remembered, where the client asked for it.
    pub fn remember<'a, T>(
        self,
        caller: Option<UserId>,
        body_digest: &[u8; 32],
        render: impl Fn(&T) -> StoredAnswer + Send + Sync + 'a,
    ) -> Option<Remember<'a, T>> {
        let key = self.key?;
        let mut context = Context::new(&SHA256);
        context.update(self.request.as_bytes());
        context.update(&[0]);
        context.update(body_digest);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.finish().as_ref());
        let key = IdempotencyKey { caller, key, fingerprint };
        Some(Remember { key, render: Box::new(render) })
    }
}
