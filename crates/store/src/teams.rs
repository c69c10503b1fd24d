//! Teams, their members, and whose turn it is.

use atc_core::{
    id::{TeamId, UserId},
    team::{Strategy, Team},
    text::Name,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement, sea_query::Expr,
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::{
        team::{ActiveModel, Column, Entity, Model},
        team_member,
    },
};

/// Teams, seen through a connection or a transaction.
pub struct Teams<'a, C>(&'a C);

impl Store {
    /// Teams.
    #[must_use]
    pub fn teams(&self) -> Teams<'_, DatabaseConnection> {
        Teams(self.reader())
    }
}

impl Tx {
    /// Teams.
    #[must_use]
    pub fn teams(&self) -> Teams<'_, DatabaseTransaction> {
        Teams(&self.inner)
    }
}

#[derive(FromQueryResult)]
struct LoadRow {
    user_id: uuid::Uuid,
    open: i64,
}

impl<C: ConnectionTrait> Teams<'_, C> {
    /// The team of this identity, if there is one.
    pub async fn find(&self, id: TeamId) -> Result<Option<Team>> {
        match Entity::find_by_id(id.0).one(self.0).await? {
            Some(row) => Ok(self.with_members(vec![row]).await?.pop()),
            None => Ok(None),
        }
    }

    /// The team of this identity.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, id: TeamId) -> Result<Team> {
        self.find(id).await?.ok_or(StoreError::NotFound("team"))
    }

    /// All teams by name after `after`, at most `limit`.
    pub async fn list(&self, after: Option<&str>, limit: u64) -> Result<Vec<Team>> {
        let mut query = Entity::find().order_by_asc(Column::Name).limit(limit);
        if let Some(after) = after {
            query = query.filter(Column::Name.gt(after));
        }
        let rows = query.all(self.0).await?;
        self.with_members(rows).await
    }

    /// How many teams there are.
    pub async fn count(&self) -> Result<u64> {
        use sea_orm::PaginatorTrait;
        Ok(Entity::find().count(self.0).await?)
    }

    /// Whose turn it is in a team that shares in turn: the first active member after the one who
    /// had the last ticket. `None` when no member is active.
    pub async fn next_turn(&self, id: TeamId, active: &[UserId]) -> Result<Option<UserId>> {
        let Some(row) = Entity::find_by_id(id.0).one(self.0).await? else { return Ok(None) };
        Ok(self.after_turn(&row, active).await?.map(|next| UserId(next.user_id)))
    }

    async fn after_turn(
        &self,
        team: &Model,
        active: &[UserId],
    ) -> Result<Option<team_member::Model>> {
        let mut members = team_member::Entity::find()
            .filter(team_member::Column::TeamId.eq(team.id))
            .order_by_asc(team_member::Column::Position)
            .all(self.0)
            .await?;
        members.retain(|m| active.contains(&UserId(m.user_id)));
        let next = members.iter().position(|m| m.position > team.turn).unwrap_or(0);
        Ok(if members.is_empty() { None } else { Some(members.swap_remove(next)) })
    }

    /// How many tickets that are not done each of these people has; people without any are left out.
    pub async fn loads(&self, people: &[UserId]) -> Result<Vec<(UserId, i64)>> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let marks = (1..=people.len()).map(|i| format!("${i}")).collect::<Vec<_>>().join(", ");
        let statement = Statement::from_sql_and_values(
            self.0.get_database_backend(),
            format!(
                "SELECT assignee_id AS user_id, count(*) AS open FROM tickets \
                 WHERE assignee_id IN ({marks}) \
                 AND status NOT IN ('resolved', 'closed', 'cancelled') GROUP BY assignee_id"
            ),
            people.iter().map(|id| id.0.into()),
        );
        let rows = LoadRow::find_by_statement(statement).all(self.0).await?;
        Ok(rows.into_iter().map(|r| (UserId(r.user_id), r.open)).collect())
    }

    async fn with_members(&self, rows: Vec<Model>) -> Result<Vec<Team>> {
        let members = team_member::Entity::find()
            .filter(team_member::Column::TeamId.is_in(rows.iter().map(|t| t.id)))
            .order_by_asc(team_member::Column::TeamId)
            .order_by_asc(team_member::Column::Position)
            .all(self.0)
            .await?;
        rows.into_iter()
            .map(|row| {
                let of_team = members.iter().filter(|m| m.team_id == row.id);
                let ids = of_team.map(|m| UserId(m.user_id)).collect();
                team(row, ids)
            })
            .collect()
    }
}

impl Teams<'_, DatabaseTransaction> {
    /// Writes a new team down.
    ///
    /// # Errors
    /// [`StoreError::Taken`] on `name` when another team has it.
    pub async fn insert(&self, team: &Team) -> Result<()> {
        let row = ActiveModel { turn: Set(-1), ..active(team) };
        Entity::insert(row).exec_without_returning(self.0).await?;
        self.insert_members(team).await
    }

    /// Writes name, strategy, members and version of a team.
    ///
    /// # Errors
    /// [`StoreError::Taken`] on `name` when another team has it.
    pub async fn update(&self, team: &Team) -> Result<()> {
        Entity::update(active(team)).exec(self.0).await?;
        team_member::Entity::delete_many()
            .filter(team_member::Column::TeamId.eq(team.id.0))
            .exec(self.0)
            .await?;
        self.insert_members(team).await
    }

    /// Deletes a team; its tickets and categories lose it. Answers whether there was one.
    pub async fn delete(&self, id: TeamId) -> Result<bool> {
        Ok(Entity::delete_by_id(id.0).exec(self.0).await?.rows_affected == 1)
    }

    /// Takes the turn that [`Teams::next_turn`] tells.
    pub async fn take_turn(&self, id: TeamId, active: &[UserId]) -> Result<Option<UserId>> {
        // Locked, so that two tickets at once do not both go to the same member.
        let row = Entity::find_by_id(id.0).lock_exclusive().one(self.0).await?;
        let Some(row) = row else { return Ok(None) };
        let Some(next) = self.after_turn(&row, active).await? else { return Ok(None) };
        Entity::update_many()
            .col_expr(Column::Turn, Expr::value(next.position))
            .filter(Column::Id.eq(id.0))
            .exec(self.0)
            .await?;
        Ok(Some(UserId(next.user_id)))
    }

    async fn insert_members(&self, team: &Team) -> Result<()> {
        if team.member_ids.is_empty() {
            return Ok(());
        }
        let rows =
            team.member_ids.iter().zip(0..).map(|(user, position)| team_member::ActiveModel {
                team_id: Set(team.id.0),
                position: Set(position),
                user_id: Set(user.0),
            });
        team_member::Entity::insert_many(rows).exec_without_returning(self.0).await?;
        Ok(())
    }
}

fn active(team: &Team) -> ActiveModel {
    ActiveModel {
        id: Set(team.id.0),
        name: Set(team.name.as_str().to_owned()),
        strategy: Set(team.strategy.as_str().to_owned()),
        created_at: Set(team.created_at),
        updated_at: Set(team.updated_at),
        version: Set(team.version),
        ..ActiveModel::default()
    }
}

fn team(row: Model, member_ids: Vec<UserId>) -> Result<Team> {
    Ok(Team {
        id: TeamId(row.id),
        name: Name::parse(row.name).map_err(|e| StoreError::unreadable("teams.name", e))?,
        member_ids,
        strategy: row
            .strategy
            .parse::<Strategy>()
            .map_err(|_| StoreError::unreadable("teams.strategy", &row.strategy))?,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
