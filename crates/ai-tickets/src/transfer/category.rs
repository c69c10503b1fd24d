//! A category in a file.

use atc_app::{App, ImportOutcome};
use atc_core::{
    Ctx, ErrorCode, Result,
    category::{Category, MAX_EXAMPLES, NewCategory, Slug},
    error::Faults,
    text::{CategoryDescription, Example, Name},
};
use serde::{Deserialize, Serialize};

use super::{Cells, Column, Line, each};

/// The fields of the create call; the slug makes a repeat harmless.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryLine {
    pub(super) slug: Option<String>,
    name: Option<String>,
    description: Option<String>,
    pub(super) examples: Option<Vec<String>>,
    team_id: Option<String>,
    default_priority: Option<String>,
}

impl Line for CategoryLine {
    type New = NewCategory;

    const NOUN: &'static str = "categories";
    const BATCH: usize = 1;
    const COLUMNS: &'static [Column] = &[
        Column::required("slug", Cells::Word),
        Column::required("name", Cells::Text),
        Column::new("description", Cells::Text),
        Column::new("examples", Cells::List),
        Column::new("team_id", Cells::Word),
        Column::new("default_priority", Cells::Word),
    ];

    fn parse(self) -> Result<NewCategory> {
        let mut faults = Faults::new();
        let slug = faults.require("/slug", self.slug.map(Slug::parse));
        let name = faults.require("/name", self.name.map(Name::parse));
        let description = self.description.unwrap_or_default();
        let description = faults.take("/description", CategoryDescription::parse(description));
        let examples = self.examples.unwrap_or_default();
        let examples = each(&mut faults, "/examples", examples, MAX_EXAMPLES, Example::parse);
        let team_id = self.team_id.and_then(|id| faults.take("/team_id", super::id(&id)));
        let priority =
            self.default_priority.and_then(|p| faults.take("/default_priority", p.parse()));
        let parts = slug.zip(name).zip(description).zip(examples);
        let category = parts.map(|(((slug, name), description), examples)| NewCategory {
            slug,
            name,
            description,
            examples,
            team_id,
            default_priority: priority,
        });
        faults.finish(category)
    }

    async fn take_in(
        app: &App,
        ctx: &Ctx,
        batch: Vec<NewCategory>,
    ) -> Result<Vec<Result<ImportOutcome>>> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for category in batch {
            match app.import_category(ctx, category).await {
                Err(e) if matches!(e.code, ErrorCode::Unavailable | ErrorCode::Internal) => {
                    return Err(e);
                }
                outcome => outcomes.push(outcome),
            }
        }
        Ok(outcomes)
    }

    async fn give_out(app: &App, after: i64) -> Result<(Vec<Self>, i64)> {
        if after > 0 {
            return Ok((Vec::new(), after));
        }
        let categories = app.export_categories().await?;
        Ok((categories.into_iter().map(Self::from).collect(), 1))
    }

    async fn count(app: &App) -> Result<u64> {
        Ok(app.export_categories().await?.len() as u64)
    }
}

impl From<Category> for CategoryLine {
    fn from(category: Category) -> Self {
        Self {
            slug: Some(category.slug.into()),
            name: Some(category.name.into_string()),
            description: Some(category.description.into_string()),
            examples: Some(category.examples.into_iter().map(String::from).collect()),
            team_id: category.team_id.map(|id| id.to_string()),
            default_priority: category.default_priority.map(|p| p.to_string()),
        }
    }
}
