//! How the agents fare.

use atc_core::ports::EngineStatus;

use crate::App;

impl App {
    /// How the categorization agent fares.
    #[must_use]
    pub fn categorization_agent(&self) -> EngineStatus {
        self.engine.status()
    }
}
