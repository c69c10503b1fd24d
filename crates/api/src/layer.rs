//! What happens to every request before and after its handler.

mod authenticate;
mod cors;
mod limit;
mod limits;
mod pace;
mod request;
mod watch;

pub(crate) use authenticate::{authenticate, bearer};
pub(crate) use cors::cors;
pub(crate) use limit::{limit, limit_auth, limit_uploads};
pub(crate) use limits::check_headers;
pub(crate) use pace::{TooSlow, is_caused_by, pace};
pub(crate) use request::{X_REQUEST_ID, request};
