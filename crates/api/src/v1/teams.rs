//! Teams.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod update;

use std::collections::HashSet;

use atc_core::{error::Faults, id::UserId, team::MAX_MEMBERS};
use uuid::Uuid;

/// The members of a team, in the order in which they take turns, each once.
fn members(faults: &mut Faults, ids: Vec<Uuid>) -> Option<Vec<UserId>> {
    if ids.len() > MAX_MEMBERS {
        faults.body("/member_ids", format!("A team has at most {MAX_MEMBERS} members."));
        return None;
    }
    let mut seen = HashSet::new();
    Some(ids.into_iter().filter(|id| seen.insert(*id)).map(UserId).collect())
}
