//! From a request to typed input.

mod body;
mod client;
mod cursor;
mod idempotency;
mod params;
mod path;
mod permission;
mod strict_json;

pub(crate) use body::{Body, distinct, double_option, each, not_null, patch_of};
pub(crate) use client::{ClientAddress, network_of};
pub(crate) use cursor::{Cursor, ListUri, PageParams};
pub(crate) use idempotency::Once;
pub(crate) use params::{FromParams, Params, Query};
pub(crate) use path::{Id, Path};
pub(crate) use permission::{Can, Permission, Public, RequestId, permissions};
