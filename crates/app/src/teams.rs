//! Teams, as administrators shape them.

use std::collections::HashSet;

use atc_core::{
    Ctx, Error, Result,
    error::Faults,
    id::{TeamId, UserId},
    idempotency::{Outcome, Remember},
    page::{Limit, Page},
    team::{NewTeam, Team, TeamPatch},
};
use atc_store::{StoreError, Tx};

use crate::{App, IfMatch};

impl App {
    /// Teams by name.
    pub async fn list_teams(
        &self,
        limit: Limit,
        after: Option<&str>,
        include_total: bool,
    ) -> Result<Page<Team, String>> {
        let teams = self.store.teams();
        let rows = teams.list(after, limit.get() + 1).await?;
        let total = if include_total { Some(teams.count().await?) } else { None };
        Ok(Page::from_surplus(rows, limit, |t| t.name.as_str().to_owned()).with_total(total))
    }

    /// One team.
    pub async fn get_team(&self, id: TeamId) -> Result<Team> {
        Ok(self.store.teams().get(id).await?)
    }

    /// Makes a team.
    ///
    /// # Errors
    /// A conflict when the name is taken; invalid when a member is not staff.
    pub async fn create_team(
        &self,
        ctx: &Ctx,
        new: NewTeam,
        remember: Option<Remember<'_, Team>>,
    ) -> Result<Outcome<Team>> {
        let team = Team {
            id: TeamId(self.new_id()),
            name: new.name,
            member_ids: new.member_ids,
            strategy: new.strategy,
            created_at: ctx.now,
            updated_at: ctx.now,
            version: 1,
        };
        self.create_once(remember, ctx.now, async |tx| {
            check_members(tx, &team.member_ids).await?;
            tx.teams().insert(&team).await.map_err(name_taken)?;
            Ok(team)
        })
        .await
    }

    /// Changes a team.
    ///
    /// # Errors
    /// A conflict when the new name is taken; invalid when a member is not staff.
    pub async fn update_team(
        &self,
        ctx: &Ctx,
        id: TeamId,
        patch: TeamPatch,
        if_match: &IfMatch,
    ) -> Result<Team> {
        let tx = self.store.begin().await?;
        let before = tx.teams().get(id).await?;
        if_match.check(before.version)?;
        let mut team = before.clone();
        team.name = patch.name.unwrap_or(team.name);
        team.strategy = patch.strategy.unwrap_or(team.strategy);
        if let Some(members) = patch.member_ids {
            check_members(&tx, &members).await?;
            team.member_ids = members;
        }
        if team == before {
            return Ok(before);
        }
        team.version += 1;
        team.updated_at = ctx.now;
        tx.teams().update(&team).await.map_err(name_taken)?;
        tx.commit().await?;
        Ok(team)
    }

    /// Deletes a team. Its tickets and categories stay, without a team.
    pub async fn delete_team(&self, id: TeamId, if_match: &IfMatch) -> Result<()> {
        let tx = self.store.begin().await?;
        let team = tx.teams().get(id).await?;
        if_match.check(team.version)?;
        tx.teams().delete(id).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn name_taken(e: StoreError) -> Error {
    if matches!(e, StoreError::Taken(_)) {
        return Error::conflict("A team with this name exists already.").with_source(e);
    }
    e.into()
}

/// Members must be staff, each named once.
async fn check_members(tx: &Tx, ids: &[UserId]) -> Result<()> {
    let people = tx.users().find_many(ids).await?;
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (i, id) in ids.iter().enumerate() {
        let pointer = format!("/member_ids/{i}");
        match people.iter().find(|p| p.id == *id) {
            None => faults.body(pointer, "There is no such person."),
            Some(person) if !person.role.is_staff() => {
                faults.body(pointer, "Only agents and administrators can be members.");
            }
            Some(_) if !seen.insert(*id) => faults.body(pointer, "This person is named twice."),
            Some(_) => {}
        }
    }
    faults.finish(Some(()))
}
