//! Refusals, as programs understand them.

use std::borrow::Cow;

use atc_core::Error;
use atc_store::StoreError;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// Which kind of refusal (RFC 6749, 4.1.2.1 and 5.2; RFC 7591, 3.2.2; RFC 8707, 2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OauthErrorCode { $($(#[$doc])* $name,)* }

        impl OauthErrorCode {
            /// The word that is sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

codes! {
    /// Something is missing, stands twice or cannot be read.
    InvalidRequest = "invalid_request";
    /// The program is not known.
    InvalidClient = "invalid_client";
    /// The code or refresh token does not serve, or is somebody else's.
    InvalidGrant = "invalid_grant";
    /// There is no such way to a token here.
    UnsupportedGrantType = "unsupported_grant_type";
    /// There is no such way to an answer here.
    UnsupportedResponseType = "unsupported_response_type";
    /// Nothing of what is asked for is to be had.
    InvalidScope = "invalid_scope";
    /// It is asked for another server than this one.
    InvalidTarget = "invalid_target";
    /// An answer cannot lead there.
    InvalidRedirectUri = "invalid_redirect_uri";
    /// What a program says of itself cannot be.
    InvalidClientMetadata = "invalid_client_metadata";
    /// The person said no.
    AccessDenied = "access_denied";
    /// There is too much to do.
    TemporarilyUnavailable = "temporarily_unavailable";
}

/// Why a program gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// It was refused.
    #[error("{}: {detail}", code.as_str())]
    Refused {
        /// Which kind.
        code: OauthErrorCode,
        /// What is wrong and what to do; ASCII without quotation marks (RFC 6749, 5.2).
        detail: Cow<'static, str>,
    },
    /// Something failed that has nothing to do with it.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl OauthError {
    /// A refusal.
    pub fn new(code: OauthErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }
}

impl From<StoreError> for OauthError {
    fn from(e: StoreError) -> Self {
        Self::Failed(e.into())
    }
}

pub(super) type Result<T, E = OauthError> = std::result::Result<T, E>;
