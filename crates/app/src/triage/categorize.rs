//! Asking for a triage without storing anything.

use atc_core::{Ctx, Result, ports::TriageInput, triage::Triage};

use super::TriageReading;
use crate::{App, agents::Task};

impl App {
    /// Reads a text as the caller may: possible duplicates are among the tickets they see.
    ///
    /// # Errors
    /// Unavailable when the engine has too much to do.
    pub async fn categorize(&self, ctx: &Ctx, input: TriageInput) -> Result<Triage> {
        let categories = self.store.categories().all().await?;
        let visibility = ctx.caller.visibility();
        let asked = (Task::Triage, Some(ctx.caller.user_id));
        let reading =
            self.read_with_agent(input, &[], &categories, visibility, None, asked).await?;
        self.preview_triage(ctx, reading).await
    }

    /// The same for at most 256 at once, by the embedded engine alone: it reads hundreds a second.
    ///
    /// # Errors
    /// Unavailable when the engine has too much to do.
    pub async fn categorize_batch(
        &self,
        ctx: &Ctx,
        inputs: Vec<TriageInput>,
    ) -> Result<Vec<Triage>> {
        let categories = self.store.categories().all().await?;
        let readings = self.read_texts(inputs, &categories, ctx.caller.visibility(), None).await?;
        let mut triages = Vec::with_capacity(readings.len());
        for reading in readings {
            triages.push(self.preview_triage(ctx, reading).await?);
        }
        Ok(triages)
    }

    /// A reading as this caller may see it, with the route that it would take.
    pub(crate) async fn preview_triage(&self, ctx: &Ctx, reading: TriageReading) -> Result<Triage> {
        let mut triage = if ctx.caller.is_staff() {
            reading.triage
        } else {
            reading.for_requester(ctx.caller.user_id)
        };
        if !triage.needs_review {
            triage.assignment = self.preview_route(&triage.category).await?.assignment();
        }
        Ok(triage)
    }
}
