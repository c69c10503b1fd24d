//! Routing: category → team → member.

use atc_core::{
    Result,
    category::Slug,
    id::{TeamId, UserId},
    team::{Strategy, Team},
    triage::Assignment,
    user::User,
};
use atc_store::Tx;

use crate::App;

/// Where a ticket goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routed {
    /// The team.
    pub team_id: Option<TeamId>,
    /// The person.
    pub assignee_id: Option<UserId>,
    /// Why, where the program decided.
    pub reason: Option<String>,
}

impl Routed {
    /// The same as part of a triage, where the program decided.
    pub fn assignment(&self) -> Option<Assignment> {
        Some(Assignment {
            team_id: self.team_id?,
            assignee_id: self.assignee_id,
            reason: self.reason.clone()?,
        })
    }
}

impl App {
    /// To the team of this category, or else to the one that a language model named, and to whoever of it
    /// is next.
    pub(crate) async fn route_by_category(
        &self,
        tx: &Tx,
        slug: &Slug,
        named: Option<TeamId>,
    ) -> Result<Routed> {
        let own = tx.categories().find(slug).await?.and_then(|c| c.team_id);
        let Some(team) = own.or(named) else { return Ok(Routed::default()) };
        let routed = self.route_to_team(tx, team).await?;
        let why = routed.reason.as_deref().unwrap_or_default();
        let why = match own {
            Some(_) => format!("Category {slug} belongs to {why}"),
            None => format!("The language model names {why}"),
        };
        Ok(Routed { reason: Some(why), ..routed })
    }

    /// To whoever of this team is next. A team whose members are all inactive keeps the ticket
    /// itself.
    pub(crate) async fn route_to_team(&self, tx: &Tx, id: TeamId) -> Result<Routed> {
        let Some(team) = tx.teams().find(id).await? else { return Ok(Routed::default()) };
        let members = active_members(&team, &tx.users().find_many(&team.member_ids).await?);
        let next = match team.strategy {
            Strategy::RoundRobin => tx.teams().take_turn(id, &members).await?,
            Strategy::LeastLoaded => {
                let loads = tx.teams().loads(&members).await?;
                least_loaded(&members, &loads)
            }
        };
        Ok(routed(&team, next))
    }

    /// What [`App::route_by_category`] would do at this moment, without taking a turn.
    pub(crate) async fn preview_route(&self, slug: &Slug) -> Result<Routed> {
        let category = self.store.categories().find(slug).await?;
        let Some(team) = category.and_then(|c| c.team_id) else { return Ok(Routed::default()) };
        let Some(team) = self.store.teams().find(team).await? else {
            return Ok(Routed::default());
        };
        let people = self.store.users().find_many(&team.member_ids).await?;
        let members = active_members(&team, &people);
        let next = match team.strategy {
            Strategy::RoundRobin => self.store.teams().next_turn(team.id, &members).await?,
            Strategy::LeastLoaded => {
                let loads = self.store.teams().loads(&members).await?;
                least_loaded(&members, &loads)
            }
        };
        let routed = routed(&team, next);
        let why = routed.reason.as_deref().unwrap_or_default();
        Ok(Routed { reason: Some(format!("Category {slug} belongs to {why}")), ..routed })
    }
}

fn routed(team: &Team, next: Option<UserId>) -> Routed {
    let how = match (next, team.strategy) {
        (None, _) => "nobody in it is active",
        (Some(_), Strategy::RoundRobin) => "next in turn",
        (Some(_), Strategy::LeastLoaded) => "fewest open tickets",
    };
    Routed {
        team_id: Some(team.id),
        assignee_id: next,
        reason: Some(format!("the team {}; {how}.", team.name)),
    }
}

/// The members in their order, without the inactive and those who are staff no longer.
fn active_members(team: &Team, people: &[User]) -> Vec<UserId> {
    let able = |id: &UserId| people.iter().any(|p| p.id == *id && p.is_active && p.role.is_staff());
    team.member_ids.iter().copied().filter(able).collect()
}

fn least_loaded(members: &[UserId], loads: &[(UserId, i64)]) -> Option<UserId> {
    let load = |id: &UserId| loads.iter().find(|(who, _)| who == id).map_or(0, |(_, n)| *n);
    members.iter().copied().min_by_key(load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_least_loaded_is_first_among_equals() {
        let [a, b, c] = [1, 2, 3].map(|n| UserId(Uuid::from_u128(n)));
        assert_eq!(least_loaded(&[a, b, c], &[(a, 2), (c, 1)]), Some(b));
        assert_eq!(least_loaded(&[a, b, c], &[(a, 1), (b, 1), (c, 1)]), Some(a));
        assert_eq!(least_loaded(&[], &[(a, 1)]), None);
    }
}
