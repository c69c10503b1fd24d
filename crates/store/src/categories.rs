//! Kinds of tickets.

use atc_core::{
    category::{Category, Slug},
    id::TeamId,
    text::{CategoryDescription, Name},
    ticket::Priority,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    Result, Store, StoreError, Tx,
    entity::category::{ActiveModel, Column, Entity, Model},
    entity::ticket,
};

/// Categories, seen through a connection or a transaction.
pub struct Categories<'a, C>(&'a C);

impl Store {
    /// Categories.
    #[must_use]
    pub fn categories(&self) -> Categories<'_, DatabaseConnection> {
        Categories(self.reader())
    }
}

impl Tx {
    /// Categories.
    #[must_use]
    pub fn categories(&self) -> Categories<'_, DatabaseTransaction> {
        Categories(&self.inner)
    }
}

impl<C: ConnectionTrait> Categories<'_, C> {
    /// Every category, by slug. There are hundreds at most.
    pub async fn all(&self) -> Result<Vec<Category>> {
        let rows = Entity::find().order_by_asc(Column::Slug).all(self.0).await?;
        rows.into_iter().map(category).collect()
    }

    /// Those after `after` by slug, at most `limit`.
    pub async fn list(&self, after: Option<&str>, limit: u64) -> Result<Vec<Category>> {
        let mut query = Entity::find().order_by_asc(Column::Slug).limit(limit);
        if let Some(after) = after {
            query = query.filter(Column::Slug.gt(after));
        }
        query.all(self.0).await?.into_iter().map(category).collect()
    }

    /// The category of this slug, if there is one.
    pub async fn find(&self, slug: &Slug) -> Result<Option<Category>> {
        Entity::find_by_id(slug.as_str()).one(self.0).await?.map(category).transpose()
    }

    /// The category of this slug.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn get(&self, slug: &Slug) -> Result<Category> {
        self.find(slug).await?.ok_or(StoreError::NotFound("category"))
    }

    /// How many categories there are.
    pub async fn count(&self) -> Result<u64> {
        Ok(Entity::find().count(self.0).await?)
    }

    /// How many tickets a category has.
    pub async fn count_tickets(&self, slug: &Slug) -> Result<u64> {
        Ok(ticket::Entity::find()
            .filter(ticket::Column::Category.eq(slug.as_str()))
            .count(self.0)
            .await?)
    }
}

impl Categories<'_, DatabaseTransaction> {
    /// Writes a new category down.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the slug is.
    pub async fn insert(&self, category: &Category) -> Result<()> {
        Entity::insert(active(category)?).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Writes everything about the category that was called `slug`; where the slug itself changes,
    /// its tickets follow.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the new slug is.
    pub async fn update(&self, slug: &Slug, category: &Category) -> Result<()> {
        Entity::update_many()
            .set(active(category)?)
            .filter(Column::Slug.eq(slug.as_str()))
            .exec(self.0)
            .await?;
        Ok(())
    }

    /// Deletes a category that has no tickets.
    ///
    /// # Errors
    /// [`StoreError::Reference`] when it has some.
    pub async fn delete(&self, slug: &Slug) -> Result<()> {
        Entity::delete_by_id(slug.as_str()).exec(self.0).await?;
        Ok(())
    }
}

fn active(c: &Category) -> Result<ActiveModel> {
    let examples = serde_json::to_string(&c.examples)
        .map_err(|e| StoreError::unreadable("categories.examples", e))?;
    Ok(ActiveModel {
        slug: Set(c.slug.as_str().to_owned()),
        name: Set(c.name.as_str().to_owned()),
        description: Set(c.description.as_str().to_owned()),
        examples: Set(examples),
        team_id: Set(c.team_id.map(|id| id.0)),
        default_priority: Set(c.default_priority.map(Priority::rank)),
        created_at: Set(c.created_at),
        updated_at: Set(c.updated_at),
        version: Set(c.version),
    })
}

fn category(row: Model) -> Result<Category> {
    Ok(Category {
        slug: Slug::parse(row.slug).map_err(|e| StoreError::unreadable("categories.slug", e))?,
        name: Name::parse(row.name).map_err(|e| StoreError::unreadable("categories.name", e))?,
        description: CategoryDescription::parse(row.description)
            .map_err(|e| StoreError::unreadable("categories.description", e))?,
        examples: serde_json::from_str(&row.examples)
            .map_err(|e| StoreError::unreadable("categories.examples", e))?,
        team_id: row.team_id.map(TeamId),
        default_priority: row
            .default_priority
            .map(|rank| {
                Priority::from_rank(rank)
                    .ok_or_else(|| StoreError::unreadable("categories.default_priority", rank))
            })
            .transpose()?,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
