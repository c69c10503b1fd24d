//! What every handler has at hand.

use std::sync::Arc;

use atc_app::App;

use crate::Config;

/// What every handler has at hand.
#[derive(Clone)]
pub struct ApiState {
    /// The use cases.
    pub app: Arc<App>,
    /// Settings.
    pub config: Arc<Config>,
    /// Tells what was counted; `None` where nothing is.
    pub metrics: Option<TellMetrics>,
}

/// Tells what was counted, in the text format of Prometheus.
pub type TellMetrics = Arc<dyn Fn() -> String + Send + Sync>;
