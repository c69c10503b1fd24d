//! Programs make themselves known.

use atc_core::{grant::OauthClient, text::Name};
use chrono::TimeDelta;

use super::{
    error::{OauthError, OauthErrorCode, Result},
    redirect::RedirectUri,
};
use crate::App;

/// The most addresses of one program.
const MOST_REDIRECTS: usize = 10;
/// The most programs that are remembered; those that nobody uses are forgotten every hour.
const MOST_CLIENTS: u64 = 10_000;
/// How long a program is remembered to which nobody agreed.
pub(crate) const UNUSED_KEPT: TimeDelta = TimeDelta::days(1);
/// How long a program is remembered after somebody agreed for the last time.
pub(crate) const USED_KEPT: TimeDelta = TimeDelta::days(90);
/// How a program is called that has no name.
const NAMELESS: &str = "A program without a name";

/// What a program says of itself (RFC 7591, 2); members that mean nothing here are left out.
#[derive(Debug, Clone, Default)]
pub struct NewClient {
    /// What it calls itself.
    pub name: Option<String>,
    /// Where answers may lead to.
    pub redirect_uris: Vec<String>,
    /// How it wants to get tokens; all that we know where it says nothing.
    pub grant_types: Option<Vec<String>>,
    /// How it wants to be answered.
    pub response_types: Option<Vec<String>>,
}

/// What of a program is legal.
pub(super) struct Described {
    pub name: Name,
    pub redirect_uris: Vec<String>,
}

impl TryFrom<NewClient> for Described {
    type Error = OauthError;

    fn try_from(new: NewClient) -> Result<Self> {
        let unfit =
            |detail: &'static str| OauthError::new(OauthErrorCode::InvalidClientMetadata, detail);
        let wants = |wanted: &Option<Vec<String>>, word: &str| {
            wanted.as_ref().is_none_or(|all| all.iter().any(|one| one == word))
        };
        if !wants(&new.grant_types, "authorization_code") {
            return Err(unfit("The grant type authorization_code is the way to a token here."));
        }
        if !wants(&new.response_types, "code") {
            return Err(unfit("The response type code is the way to an answer here."));
        }
        if new.redirect_uris.is_empty() || new.redirect_uris.len() > MOST_REDIRECTS {
            let detail = "A program names one to ten redirect URIs.";
            return Err(OauthError::new(OauthErrorCode::InvalidRedirectUri, detail));
        }
        for uri in &new.redirect_uris {
            let refused = |detail| OauthError::new(OauthErrorCode::InvalidRedirectUri, detail);
            RedirectUri::parse(uri).map_err(refused)?;
        }
        let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = Name::parse(name.unwrap_or(NAMELESS)).ok().filter(is_seen);
        let name =
            name.ok_or_else(|| unfit("A client_name has at most 100 visible characters."))?;
        Ok(Self { name, redirect_uris: new.redirect_uris })
    }
}

/// Whether a name is shown as it is: some characters turn the direction of writing, or are not seen.
fn is_seen(name: &Name) -> bool {
    let hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    !name.as_str().chars().any(hidden)
}

impl App {
    /// Remembers a program that makes itself known (RFC 7591).
    ///
    /// # Errors
    /// When what it says cannot be, or when too many are remembered.
    pub async fn register_client(&self, new: NewClient) -> Result<OauthClient> {
        let Described { name, redirect_uris } = new.try_into()?;
        self.check_room().await?;
        let client = OauthClient {
            id: self.new_id().to_string(),
            name,
            redirect_uris,
            fresh_until: None,
            created_at: self.now(),
        };
        let tx = self.store.begin().await?;
        tx.oauth_clients().put(&client).await?;
        tx.commit().await?;
        Ok(client)
    }

    /// Whether one more program can be remembered.
    pub(super) async fn check_room(&self) -> Result<()> {
        if self.store.oauth_clients().count().await? < MOST_CLIENTS {
            return Ok(());
        }
        let detail = "Too many programs made themselves known; try again in an hour.";
        Err(OauthError::new(OauthErrorCode::TemporarilyUnavailable, detail))
    }

    /// The program of this identity, which may be the address of a document that describes it.
    pub(super) async fn find_client(&self, id: &str) -> Result<OauthClient> {
        let unknown = || {
            let detail = "This program is not known here any more; connect it anew.";
            OauthError::new(OauthErrorCode::InvalidClient, detail)
        };
        let known = self.store.oauth_clients().find(id).await?;
        if id.contains(':') {
            return self.described_client(id, known).await;
        }
        known.ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(new: NewClient) -> Result<Described> {
        new.try_into()
    }

    fn good() -> NewClient {
        NewClient {
            name: Some("Desk".to_owned()),
            redirect_uris: vec!["http://127.0.0.1/cb".to_owned()],
            ..NewClient::default()
        }
    }

    #[test]
    fn a_program_says_what_can_be() {
        assert_eq!(described(good()).unwrap().name.as_str(), "Desk");
        let nameless = described(NewClient { name: None, ..good() }).unwrap();
        assert_eq!(nameless.name.as_str(), NAMELESS);
        let words = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect());
        for bad in [
            NewClient { redirect_uris: Vec::new(), ..good() },
            NewClient { redirect_uris: vec!["https://a.example".to_owned(); 11], ..good() },
            NewClient { redirect_uris: vec!["javascript:x".to_owned()], ..good() },
            NewClient { grant_types: words(&["client_credentials"]), ..good() },
            NewClient { response_types: words(&["token"]), ..good() },
            NewClient { name: Some("a\u{202e}b".to_owned()), ..good() },
            NewClient { name: Some("a\nb".to_owned()), ..good() },
            NewClient { name: Some("x".repeat(101)), ..good() },
        ] {
            assert!(described(bad.clone()).is_err(), "{bad:?}");
        }
    }
}
