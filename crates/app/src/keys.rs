//! Taking over what another key has sealed.

use atc_core::Result;
use atc_store::SealedSecrets;

use crate::{App, sealer::Sealer};

/// What became of what is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    /// How many things are now sealed with the current key that were not.
    pub changed: u64,
    /// How many were before.
    pub kept: u64,
}

impl App {
    /// Seals everything that lasts with the current key, one row at a time, while others serve. Answers
    /// kept for repeated requests are left out: they last a day.
    ///
    /// # Errors
    /// Internal, when something is sealed with a key that is not known; what was resealed before stays so.
    pub async fn reseal(&self) -> Result<Resealed> {
        let mut resealed = Resealed { changed: 0, kept: 0 };
        self.reseal_webhooks(&mut resealed).await?;
        self.reseal_tool_servers(&mut resealed).await?;
        self.reseal_provider_keys(&mut resealed).await?;
        Ok(resealed)
    }

    async fn reseal_webhooks(&self, resealed: &mut Resealed) -> Result<()> {
        for endpoint in self.store.webhooks().list().await? {
            let row = endpoint.id.0.as_bytes();
            let tx = self.store.begin().await?;
            // Held, so that nobody rotates them meanwhile; gone with their endpoint, they are no matter.
            let Some(secrets) = tx.webhooks().find_secrets_for_update(endpoint.id).await? else {
                continue;
            };
            let before = resealed.changed;
            let current = self.renew(&self.webhook_sealer, row, secrets.current, resealed)?;
            let old = match secrets.old {
                Some((old, until)) => {
                    Some((self.renew(&self.webhook_sealer, row, old, resealed)?, until))
                }
                None => None,
            };
            if resealed.changed > before {
                tx.webhooks().set_secrets(endpoint.id, SealedSecrets { current, old }).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn reseal_tool_servers(&self, resealed: &mut Resealed) -> Result<()> {
        for server in self.store.tool_servers().list().await? {
            let tx = self.store.begin().await?;
            let found = tx.tool_servers().find_with_secrets_for_update(server.id).await?;
            let Some((_, Some(sealed))) = found else { continue };
            let before = resealed.changed;
            let row = server.id.0.as_bytes();
            let renewed = self.renew(&self.tool_sealer, row, sealed, resealed)?;
            if resealed.changed > before {
                tx.tool_servers().set_secrets(server.id, Some(renewed)).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// The same under the current key, counted.
    fn renew(
        &self,
        sealer: &Sealer,
        row: &[u8],
        sealed: Vec<u8>,
        resealed: &mut Resealed,
    ) -> Result<Vec<u8>> {
        let renewed = sealer.reseal(self.entropy.as_ref(), row, &sealed)?;
        let count = if renewed.is_some() { &mut resealed.changed } else { &mut resealed.kept };
        *count += 1;
        Ok(renewed.unwrap_or(sealed))
    }

    async fn reseal_provider_keys(&self, resealed: &mut Resealed) -> Result<()> {
        for (name, _) in self.store.provider_keys().all().await? {
            let row = name.as_str().as_bytes();
            let tx = self.store.begin().await?;
            let Some(sealed) = tx.provider_keys().find_for_update(&name).await? else { continue };
            match self.provider_key_sealer.reseal(self.entropy.as_ref(), row, &sealed)? {
                Some(renewed) => {
                    tx.provider_keys().reseal(&name, renewed).await?;
                    tx.commit().await?;
                    resealed.changed += 1;
                }
                None => resealed.kept += 1,
            }
        }
        Ok(())
    }
}
