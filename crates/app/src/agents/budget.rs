//! What agents may use a day, and what they have used.

use atc_core::{
    agent::{AgentSettings, Budget, ModelRef},
    chat::Usage,
};
use atc_store::{AmountUsed, NewAiUsage};

use super::{
    ask::{Ask, Unanswered},
    loaded::Loaded,
};
use crate::App;

/// What one call used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    pub usage: Usage,
    pub cost_micros: u64,
    pub failed: bool,
}

impl App {
    /// Lets a question pass unless a budget of today is used up. Calls that are under way at the same time
    /// are not counted yet, so that a budget can be passed by what they use.
    pub(super) async fn check_budgets(
        &self,
        loaded: &Loaded,
        agent: &AgentSettings,
        ask: &Ask,
    ) -> Result<(), Unanswered> {
        let all = &loaded.settings.budget;
        let person =
            if ask.person.is_some() { loaded.settings.user_budget } else { Budget::default() };
        let none = Budget::default();
        if [*all, agent.budget, person] == [none; 3] {
            return Ok(());
        }
        let today = self.now().date_naive();
        let used = self.store.ai_usage().totals(today, ask.agent, ask.person).await;
        let used = match used {
            Ok(used) => used,
            // Without the figures nothing is spent.
            Err(e) => return Err(Unanswered::new(format!("the budgets cannot be read: {e}"))),
        };
        let whose =
            [("of all agents", *all, used.all), ("of this agent", agent.budget, used.agent)];
        for (whose, budget, used) in
            whose.into_iter().chain([("of this person", person, used.person)])
        {
            if is_used_up(budget, used) {
                metrics::counter!("agent_budget_refusals_total", "agent" => ask.agent.as_str())
                    .increment(1);
                return Err(Unanswered::new(format!("The budget {whose} for today is used up.")));
            }
        }
        Ok(())
    }

    /// Writes down what a call used, beside the answer. A process that dies in this moment forgets it.
    pub(super) fn note_usage(&self, ask: &Ask, model: &ModelRef, spent: Spent) {
        let store = self.store.clone();
        let usage = NewAiUsage {
            day: self.now().date_naive(),
            agent: ask.agent,
            person: ask.person,
            model: model.clone(),
            failed: spent.failed,
            usage: spent.usage,
            cost_micros: spent.cost_micros,
        };
        self.tasks.spawn(async move {
            let written = async {
                let tx = store.begin().await?;
                tx.ai_usage().add(&usage).await?;
                tx.commit().await
            };
            if let Err(e) = written.await {
                tracing::warn!(error = %e, "what a language model used is not written down");
            }
        });
    }
}

fn is_used_up(budget: Budget, used: AmountUsed) -> bool {
    let over = |bound: Option<u64>, used: u64| bound.is_some_and(|bound| used >= bound);
    over(budget.tokens, used.tokens) || over(budget.cost_micros, used.cost_micros)
}
