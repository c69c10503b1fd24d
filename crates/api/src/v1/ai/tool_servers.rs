//! Servers of others whose tools agents may use.

pub(in crate::v1) mod call;
pub(in crate::v1) mod create;
pub(in crate::v1) mod delete;
pub(in crate::v1) mod get;
pub(in crate::v1) mod list;
pub(in crate::v1) mod refresh;
pub(in crate::v1) mod update;

use std::collections::BTreeMap;

use atc_core::{
    agent::ApiKey,
    error::Faults,
    tool_server::{Allow, Approval as CoreApproval, CustomHeader, MOST_TOOLS, ToolName},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::Approval;

/// The most headers that a server is shown.
const MOST_HEADERS: usize = 10;

/// A tool to be allowed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AllowTool, example = json!({"name": "find_customer", "approval": "never"}))]
struct AllowBody {
    /// Its name there.
    #[schema(min_length = 1, max_length = 128, required, nullable = false)]
    name: Option<String>,
    /// When a call needs a person's yes; `always` where it is left out. A tool of which its server says that it writes
    /// needs it always.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "crate::extract::not_null")]
    approval: Option<Approval>,
    /// The digest of what one has seen. One that was suspended is allowed again only with it.
    #[schema(min_length = 64, max_length = 64, nullable = false)]
    #[serde(default, deserialize_with = "crate::extract::not_null")]
    digest: Option<String>,
}

/// Takes the tools of a body.
fn allow(faults: &mut Faults, bodies: Vec<AllowBody>) -> Option<Vec<Allow>> {
    if bodies.len() > MOST_TOOLS {
        let why = format!("At most {MOST_TOOLS} are allowed; these are {}.", bodies.len());
        faults.body("/tools", why);
        return None;
    }
    let mut all: Vec<Allow> = Vec::with_capacity(bodies.len());
    for (i, body) in bodies.into_iter().enumerate() {
        let pointer = format!("/tools/{i}/name");
        let name = faults.require(&pointer, body.name.map(ToolName::parse))?;
        if all.iter().any(|other| other.name == name) {
            faults.body(pointer, "This tool is named twice.");
            return None;
        }
        let approval = body.approval.map_or(CoreApproval::Always, Into::into);
        all.push(Allow { name, approval, digest: body.digest });
    }
    Some(all)
}

/// Takes a token.
fn token(faults: &mut Faults, text: &str) -> Option<ApiKey> {
    let token = ApiKey::parse(text);
    let why = "A token is 1 to 4,096 visible characters of ASCII without spaces.";
    faults.take("/bearer_token", token.ok_or(why))
}

/// Takes the headers of a body.
fn headers(
    faults: &mut Faults,
    given: &BTreeMap<String, String>,
    has_token: bool,
) -> Option<Vec<CustomHeader>> {
    if given.len() > MOST_HEADERS {
        faults.body("/headers", format!("At most {MOST_HEADERS} are allowed."));
        return None;
    }
    let mut all: Vec<CustomHeader> = Vec::with_capacity(given.len());
    for (name, value) in given {
        // As a part of a JSON Pointer (RFC 6901, 3).
        let pointer = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
        let header = faults.take(&pointer, CustomHeader::parse(name, value))?;
        if has_token && header.name() == "authorization" {
            faults.body(pointer, "Give either this header or bearer_token.");
            return None;
        }
        if all.iter().any(|other| other.name() == header.name()) {
            faults.body(pointer, "This header is named twice.");
            return None;
        }
        all.push(header);
    }
    Some(all)
}
