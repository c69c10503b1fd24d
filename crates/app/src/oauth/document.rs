//! Programs whose identity is the address of a document that describes them
//! (draft-ietf-oauth-client-id-metadata-document-02).

use std::time::Duration;

use atc_core::{grant::OauthClient, ports::OutgoingError};
use chrono::TimeDelta;
use serde::Deserialize;
use url::Url;

use super::{
    clients::{Described, NewClient},
    error::{OauthError, OauthErrorCode, Result},
};
use crate::App;

/// The most bytes of a document, as the draft recommends (8.7).
const MOST_BYTES: usize = 5 * 1024;
/// The most bytes of an address.
const MOST_ADDRESS_BYTES: usize = 500;
/// For how long a document is believed at least and at most, whatever it says of itself.
const LEAST_FRESH: Duration = Duration::from_mins(5);
const MOST_FRESH: Duration = Duration::from_hours(24);

/// The members that mean something here.
#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<serde_json::Value>,
}

impl App {
    /// The program that the document at this address describes. It is read again where what is known of it
    /// is no longer fresh, from the public internet alone and not through redirects.
    pub(super) async fn described_client(
        &self,
        address: &str,
        known: Option<OauthClient>,
    ) -> Result<OauthClient> {
        let now = self.now();
        if let Some(known) = &known
            && known.fresh_until.is_some_and(|until| until > now)
        {
            return Ok(known.clone());
        }
        check_address(address)?;
        if known.is_none() {
            self.check_room().await?;
        }
        let unread = |e: OutgoingError| {
            let detail = format!("The document that describes the program cannot be read: {e}");
            OauthError::new(OauthErrorCode::InvalidClient, detail)
        };
        let found = self.outgoing.get(address.to_owned(), MOST_BYTES).await.map_err(unread)?;
        if found.status != 200 {
            let detail = "There is no document that describes the program at its address.";
            return Err(OauthError::new(OauthErrorCode::InvalidClient, detail));
        }
        let Described { name, redirect_uris } = read(address, &found.text)?;
        let fresh = found.fresh_for.unwrap_or(LEAST_FRESH).clamp(LEAST_FRESH, MOST_FRESH);
        let fresh = TimeDelta::from_std(fresh).map_err(atc_core::Error::internal)?;
        let client = OauthClient {
            id: address.to_owned(),
            name,
            redirect_uris,
            fresh_until: Some(now + fresh),
            created_at: known.map_or(now, |known| known.created_at),
        };
        let tx = self.store.begin().await?;
        tx.oauth_clients().put(&client).await?;
        tx.commit().await?;
        Ok(client)
    }
}

/// What an address must look like (section 3); whether it may be called is the port's to say.
fn check_address(address: &str) -> Result<()> {
    let unfit = || {
        let detail = "A client_id that is an address begins with https:, has a path, and no fragment, \
                      name, password or dots in it.";
        OauthError::new(OauthErrorCode::InvalidClient, detail)
    };
    let url = Url::parse(address).map_err(|_| unfit())?;
    // Compared as it stands, it must be written in the one way that it can be.
    let plain = url.as_str() == address && address.len() <= MOST_ADDRESS_BYTES;
    let named = url.username().is_empty() && url.password().is_none();
    let web = matches!(url.scheme(), "https" | "http");
    if plain && named && web && url.path() != "/" && url.fragment().is_none() {
        return Ok(());
    }
    Err(unfit())
}

fn read(address: &str, text: &str) -> Result<Described> {
    let unfit = |detail: &'static str| OauthError::new(OauthErrorCode::InvalidClient, detail);
    let document: Document = serde_json::from_str(text)
        .map_err(|_| unfit("The document that describes the program is not as it should be."))?;
    if document.client_id != address {
        return Err(unfit("The document at this address describes another program."));
    }
    // What everybody can read proves nothing (4.1).
    let secret =
        document.token_endpoint_auth_method.is_some_and(|m| m.starts_with("client_secret"));
    if secret || document.client_secret.is_some() {
        return Err(unfit("A program that is described by a document has no secret."));
    }
    NewClient {
        name: Some(document.client_name),
        redirect_uris: document.redirect_uris,
        grant_types: document.grant_types,
        response_types: document.response_types,
    }
    .try_into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ADDRESS: &str = "https://app.example/client.json";

    fn document(change: impl FnOnce(&mut Value)) -> String {
        let mut document = json!({
            "client_id": ADDRESS, "client_name": "Desk", "logo_uri": "https://app.example/a.png",
            "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none",
        });
        change(&mut document);
        document.to_string()
    }

    #[test]
    fn an_address_has_one_way_of_being_written() {
        check_address(ADDRESS).unwrap();
        check_address("https://app.example:8443/a/b?x=1").unwrap();
        for bad in [
            "https://app.example",
            "https://app.example/",
            "https://app.example/a#b",
            "https://user@app.example/a",
            "https://app.example/a/../b",
            "https://App.example/a",
            "https://app.example:443/a",
            "ftp://app.example/a",
            "app:a",
            "::",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_document_describes_the_program_of_its_address() {
        let read_with = |change: fn(&mut Value)| read(ADDRESS, &document(change));
        assert_eq!(read_with(|_| ()).unwrap().name.as_str(), "Desk");
        let bad: [fn(&mut Value); 7] = [
            |d| d["client_id"] = json!("https://app.example/other.json"),
            |d| d["token_endpoint_auth_method"] = json!("client_secret_post"),
            |d| d["client_secret"] = json!("x"),
            |d| d["redirect_uris"] = json!([]),
            |d| d["redirect_uris"] = json!(["http://app.example/cb"]),
            |d| d["client_name"] = json!(null),
            |d| d["grant_types"] = json!(["client_credentials"]),
        ];
        for change in bad {
            assert!(read_with(change).is_err());
        }
        assert!(read(ADDRESS, "<html>").is_err());
    }
}
