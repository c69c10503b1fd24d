//! Secrets of endpoints and what is signed with them.

use atc_core::{
    Result,
    id::{WebhookDeliveryId, WebhookEndpointId},
};
use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};

use crate::App;

/// How every secret begins (Standard Webhooks, "Signature scheme").
const PREFIX: &str = "whsec_";
/// The specification wants 24 to 64 bytes.
const BYTES: usize = 32;

/// The key with which calls to one endpoint are signed.
#[derive(Clone)]
pub(super) struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// The text that its owner keeps.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// The signature of a body: HMAC-SHA256 over `id.timestamp.body`, version 1.
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let signed = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(signed))
    }
}

/// The headers of a call, signed with each of the secrets.
pub(super) fn headers(
    delivery: WebhookDeliveryId,
    now: DateTime<Utc>,
    body: &str,
    secrets: &[WebhookSecret],
) -> Vec<(&'static str, String)> {
    let id = format!("msg_{}", delivery.0.simple());
    let timestamp = now.timestamp();
    let signatures = secrets.iter().map(|secret| secret.sign(&id, timestamp, body));
    let signatures = signatures.collect::<Vec<_>>().join(" ");
    vec![
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures),
    ]
}

impl App {
    pub(super) fn new_webhook_secret(&self) -> WebhookSecret {
        let mut bytes = vec![0; BYTES];
        self.entropy.fill(&mut bytes);
        WebhookSecret(bytes)
    }

    pub(super) fn seal_secret(
        &self,
        id: WebhookEndpointId,
        secret: &WebhookSecret,
    ) -> Result<Vec<u8>> {
        self.webhook_sealer.seal(self.entropy.as_ref(), id.0.as_bytes(), &secret.0)
    }

    /// The secrets that sign for an endpoint now: the one in use first.
    pub(super) async fn secrets_of(
        &self,
        id: WebhookEndpointId,
        now: DateTime<Utc>,
    ) -> Result<Vec<WebhookSecret>> {
        let sealed = self.store.webhooks().secrets(id).await?;
        let old = sealed.old.filter(|(_, until)| *until > now).map(|(old, _)| old);
        let open =
            |secret: Vec<u8>| self.webhook_sealer.open(id.0.as_bytes(), &secret).map(WebhookSecret);
        std::iter::once(sealed.current).chain(old).map(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = WebhookSecret(key);
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    /// What the reference library of receivers says of a call.
    fn is_taken(secret: &WebhookSecret, headers: &[(&'static str, String)], body: &str) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap())
        });
        let receiver = standardwebhooks::Webhook::new(&secret.text()).unwrap();
        let headers: http::HeaderMap = headers.collect();
        receiver.verify(body.as_bytes(), &headers).is_ok()
    }

    proptest! {
        /// Whatever is told, receivers take it with each of the secrets, and nothing that was changed on the way.
        #[test]
        fn receivers_take_what_is_signed_and_nothing_else(
            body in ".{0,60}",
            id in any::<u128>(),
            keys in vec(vec(any::<u8>(), BYTES), 1..3),
            at in any::<prop::sample::Index>(),
        ) {
            #[expect(clippy::disallowed_methods, reason = "the library goes by the clock of the machine")]
            let now = Utc::now();
            let secrets: Vec<_> = keys.into_iter().map(WebhookSecret).collect();
            let sent = headers(WebhookDeliveryId(uuid::Uuid::from_u128(id)), now, &body, &secrets);
            for secret in &secrets {
                prop_assert!(is_taken(secret, &sent, &body));
            }
            let longer = body.clone() + " ";
            prop_assert!(!is_taken(&secrets[0], &sent, &longer));
            prop_assert!(!is_taken(&WebhookSecret(vec![7; BYTES]), &sent, &body));
            // One character of one header.
            let name = at.index(sent.len());
            let mut changed = sent.clone();
            let text = &mut changed[name].1;
            let place = at.index(text.len());
            let other = if text.as_bytes()[place] == b'1' { "2" } else { "1" };
            text.replace_range(place..=place, other);
            let still = secrets.iter().filter(|secret| is_taken(secret, &changed, &body)).count();
            // A signature may be spoilt beside one that is whole.
            prop_assert!(still < secrets.len(), "{changed:?}");
            prop_assert!(name == 2 || still == 0, "{changed:?}");
        }
    }
}
