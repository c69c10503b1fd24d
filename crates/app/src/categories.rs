//! Kinds of tickets, as administrators shape them.

use atc_core::{
    Ctx, Error, Result,
    category::{Category, CategoryPatch, NewCategory, Slug},
    id::TeamId,
    idempotency::{Outcome, Remember},
    page::{Limit, Page},
    ports::Wake,
};
use atc_store::{StoreError, Tx};

use crate::{App, IfMatch};

impl App {
    /// Categories by slug.
    pub async fn list_categories(
        &self,
        limit: Limit,
        after: Option<&Slug>,
        include_total: bool,
    ) -> Result<Page<Category, Slug>> {
        let categories = self.store.categories();
        let rows = categories.list(after.map(Slug::as_str), limit.get() + 1).await?;
        let total = if include_total { Some(categories.count().await?) } else { None };
        Ok(Page::from_surplus(rows, limit, |c| c.slug.clone()).with_total(total))
    }

    /// One category.
    pub async fn get_category(&self, slug: &Slug) -> Result<Category> {
        Ok(self.store.categories().get(slug).await?)
    }

    /// Makes a category. The next triage knows it.
    ///
    /// # Errors
    /// A conflict when the slug is taken; invalid when the team does not exist.
    pub async fn create_category(
        &self,
        ctx: &Ctx,
        new: NewCategory,
        remember: Option<Remember<'_, Category>>,
    ) -> Result<Outcome<Category>> {
        let category = Category {
            slug: new.slug,
            name: new.name,
            description: new.description,
            examples: new.examples,
            team_id: new.team_id,
            default_priority: new.default_priority,
            created_at: ctx.now,
            updated_at: ctx.now,
            version: 1,
        };
        self.create_once(remember, ctx.now, async |tx| {
            check_team(tx, category.team_id).await?;
            tx.categories().insert(&category).await.map_err(slug_taken)?;
            Ok(category)
        })
        .await
    }

    /// Changes a category. The next triage knows it; where the slug changes, tickets follow.
    ///
    /// # Errors
    /// A conflict when the new slug is taken; invalid when the team does not exist.
    pub async fn update_category(
        &self,
        ctx: &Ctx,
        slug: &Slug,
        patch: CategoryPatch,
        if_match: &IfMatch,
    ) -> Result<Category> {
        let tx = self.store.begin().await?;
        let before = tx.categories().get(slug).await?;
        if_match.check(before.version)?;
        let mut category = before.clone();
        category.slug = patch.slug.unwrap_or(category.slug);
        category.name = patch.name.unwrap_or(category.name);
        category.description = patch.description.unwrap_or(category.description);
        category.examples = patch.examples.unwrap_or(category.examples);
        if let Some(team) = patch.team_id.into_change() {
            check_team(&tx, team).await?;
            category.team_id = team;
        }
        if let Some(priority) = patch.default_priority.into_change() {
            category.default_priority = priority;
        }
        if category == before {
            return Ok(before);
        }
        category.version += 1;
        category.updated_at = ctx.now;
        tx.categories().update(slug, &category).await.map_err(slug_taken)?;
        tx.commit().await?;
        if category.slug != before.slug {
            self.wake(Wake::Labels);
        }
        Ok(category)
    }

    /// Deletes a category.
    ///
    /// # Errors
    /// A conflict when tickets have it, or when it is the last one.
    pub async fn delete_category(&self, slug: &Slug, if_match: &IfMatch) -> Result<()> {
        let tx = self.store.begin().await?;
        let category = tx.categories().get(slug).await?;
        if_match.check(category.version)?;
        if tx.categories().count().await? == 1 {
            return Err(Error::conflict("This is the last category; every ticket needs one."));
        }
        let tickets = tx.categories().count_tickets(slug).await?;
        if tickets > 0 {
            return Err(Error::conflict(format!(
                "{tickets} tickets have the category {slug}; give them another one first."
            )));
        }
        tx.categories().delete(slug).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes a category from an import: made, or changed where the slug exists.
    pub async fn import_category(
        &self,
        ctx: &Ctx,
        new: NewCategory,
    ) -> Result<crate::ImportOutcome> {
        let slug = new.slug.clone();
        let patch = CategoryPatch {
            slug: None,
            name: Some(new.name.clone()),
            description: Some(new.description.clone()),
            examples: Some(new.examples.clone()),
            team_id: new.team_id.into(),
            default_priority: new.default_priority.into(),
        };
        match self.update_category(ctx, &slug, patch, &IfMatch::Unconditional).await {
            Err(e) if e.code == atc_core::ErrorCode::NotFound => {
                self.create_category(ctx, new, None).await?;
                Ok(crate::ImportOutcome::Created)
            }
            updated => updated.map(|_| crate::ImportOutcome::Present),
        }
    }
}

fn slug_taken(e: StoreError) -> Error {
    if matches!(e, StoreError::Taken(_)) {
        return Error::conflict("A category with this slug exists already.").with_source(e);
    }
    e.into()
}

async fn check_team(tx: &Tx, team: Option<TeamId>) -> Result<()> {
    match team {
        Some(id) if tx.teams().find(id).await?.is_none() => {
            Err(Error::invalid_body("/team_id", "There is no such team."))
        }
        _ => Ok(()),
    }
}
