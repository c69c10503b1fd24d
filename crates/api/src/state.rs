//! What every handler has at hand.

use std::sync::Arc;

use atc_app::App;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::Config;

/// What every handler has at hand.
#[derive(Clone)]
pub struct ApiState {
    /// The use cases.
    pub app: Arc<App>,
    /// Settings.
    pub config: Arc<Config>,
    /// Renders the metrics; `None` where nothing is counted.
    pub metrics: Option<PrometheusHandle>,
}
