//! Cursors: where a list goes on, sealed to the list that gave them.

use atc_core::page::{Limit, PageRequest};
use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Uri, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::{FromParams, Params};
use crate::ApiState;

/// How many bytes of a hash tell lists apart.
const LIST_BYTES: usize = 8;

/// The path and query of a list request, without what only turns the pages.
#[derive(Debug, Clone)]
pub(crate) struct ListUri {
    path: String,
    /// Every parameter but `cursor`.
    params: Vec<(String, String)>,
}

impl FromRequestParts<ApiState> for ListUri {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        let original = parts.extensions.get::<axum::extract::OriginalUri>();
        Ok(Self::new(original.map_or(&parts.uri, |o| &o.0)))
    }
}

impl ListUri {
    fn new(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let params = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(name, _)| name != "cursor")
            .collect();
        Self { path: uri.path().to_owned(), params }
    }

    /// The value of the `Link` header that leads to the next page.
    pub fn next_link(&self, cursor: &str) -> String {
        format!("<{}>; rel=\"next\"", self.turned(cursor))
    }

    /// The address of the page that begins at a cursor.
    pub fn turned(&self, cursor: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.params)
            .append_pair("cursor", cursor)
            .finish();
        format!("{}?{query}", self.path)
    }

    /// Tells this list from every other: its path, filters and order, but not the size of its pages.
    fn identity(&self) -> [u8; LIST_BYTES] {
        let turning = |name: &str| matches!(name, "limit" | "include_total");
        let mut params: Vec<_> = self.params.iter().filter(|(name, _)| !turning(name)).collect();
        params.sort();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let hash = digest::digest(&digest::SHA256, format!("{}?{query}", self.path).as_bytes());
        let mut identity = [0; LIST_BYTES];
        identity.copy_from_slice(&hash.as_ref()[..LIST_BYTES]);
        identity
    }
}

/// A position in a list, ready to be handed out.
pub(crate) struct Cursor(Vec<u8>);

impl Cursor {
    /// A cursor at this position.
    pub fn at(position: &impl Serialize) -> Self {
        // Positions are tuples of numbers and texts, which always serialise.
        Self(serde_json::to_vec(position).unwrap_or_default())
    }

    /// The text that a client sends back.
    pub fn encode(&self, list: &ListUri) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([list.identity().as_slice(), &self.0].concat())
    }
}

/// The parameters that turn the pages of a list.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// How many rows a page has at most.
    #[param(minimum = 1, maximum = 100, default = 20, required = false, example = 20)]
    limit: u64,
    /// Where to go on: `next_cursor` of the page before, for the same filters and order.
    #[param(nullable = false, min_length = 1)]
    cursor: Option<String>,
    /// Whether to count all matching rows.
    #[param(default = false, required = false, example = false)]
    include_total: bool,
}

impl Default for PageParams {
    fn default() -> Self {
        Self { limit: Limit::default().get(), cursor: None, include_total: false }
    }
}

impl FromParams for PageParams {
    fn from_params(params: &mut Params) -> Self {
        let limit = params.one("limit").unwrap_or(Limit::default().get());
        if Limit::new(limit).is_none() {
            params.fault("limit", "A page has 1 to 100 rows.");
        }
        Self {
            limit,
            cursor: params.one("cursor"),
            include_total: params.one("include_total").unwrap_or(false),
        }
    }
}

impl PageParams {
    /// The size of a page.
    pub fn limit(&self) -> Limit {
        Limit::new(self.limit).unwrap_or_default()
    }

    /// Whether to count.
    pub fn include_total(&self) -> bool {
        self.include_total
    }

    /// The position that the cursor holds.
    ///
    /// # Errors
    /// When the cursor is none of this list.
    pub fn position<P: DeserializeOwned>(&self, list: &ListUri) -> atc_core::Result<Option<P>> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let read = || {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
            let (identity, position) = bytes.split_first_chunk::<LIST_BYTES>()?;
            if *identity != list.identity() {
                return None;
            }
            serde_json::from_slice(position).ok()
        };
        read().map(Some).ok_or_else(|| {
            atc_core::Error::invalid_parameter(
                "cursor",
                "This cursor belongs to another list, filter or order; begin without one.",
            )
        })
    }

    /// The request for a page, with the position turned into what the list understands.
    ///
    /// # Errors
    /// When the cursor is none of this list.
    pub fn request<P: DeserializeOwned, Q>(
        &self,
        list: &ListUri,
        to_position: impl FnOnce(P) -> Option<Q>,
    ) -> atc_core::Result<PageRequest<Q>> {
        let after = match self.position::<P>(list)? {
            Some(position) => Some(to_position(position).ok_or_else(|| {
                atc_core::Error::invalid_parameter("cursor", "This cursor cannot be read.")
            })?),
            None => None,
        };
        Ok(PageRequest { limit: self.limit(), after, include_total: self.include_total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(uri: &str) -> ListUri {
        ListUri::new(&uri.parse().unwrap())
    }

    fn with_cursor(cursor: String) -> PageParams {
        PageParams { cursor: Some(cursor), ..PageParams::default() }
    }

    #[test]
    fn a_cursor_serves_its_own_list_only() {
        let tickets = list("/tickets?status=new&sort=-created_at&limit=5");
        let cursor = Cursor::at(&(5, 7)).encode(&tickets);
        let read = |uri: &str| with_cursor(cursor.clone()).position::<(i64, i64)>(&list(uri));
        assert_eq!(read("/tickets?sort=-created_at&status=new").unwrap(), Some((5, 7)));
        assert_eq!(read("/tickets?sort=-created_at&status=new&limit=9").unwrap(), Some((5, 7)));
        for other in ["/tickets", "/tickets?status=open&sort=-created_at", "/users?status=new"] {
            assert!(read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn the_next_link_keeps_the_filters() {
        let link = list("/tickets?tag=a%26b&cursor=old&limit=2").next_link("new");
        assert_eq!(link, "</tickets?tag=a%26b&limit=2&cursor=new>; rel=\"next\"");
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_a_clear_fault(text in any::<String>()) {
            let read = with_cursor(text).position::<(i64, i64)>(&list("/tickets"));
            if let Err(e) = read {
                prop_assert_eq!(e.code, atc_core::ErrorCode::Invalid);
            }
        }
    }
}
