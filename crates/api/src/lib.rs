//! The HTTP door: routes, extractors, layers, and the description of all of it.
//!
//! The table of routes in `v1` is the OpenAPI document: a route that is not described does not
//! compile, and neither does one that does not declare who may use it.

mod config;
mod dashboard;
mod docs;
mod endpoint;
mod etag;
mod extract;
mod health;
mod layer;
mod mcp;
mod metrics;
mod oauth;
mod openapi;
mod pages;
mod problem;
mod problems;
mod reply;
mod router;
mod serve;
mod state;
mod v1;
mod wire;
mod ws;

/// What a server serves; the binary carries it from here to there.
pub use axum::Router;
pub use config::{Config, Listen};
pub use dashboard::dashboard;
pub use endpoint::Access;
pub use mcp::{McpServer, StdioError, mcp, mcp_stdio, mcp_tools, mcp_with};
pub use metrics::metrics_door;
pub use openapi::{document, policy_table};
pub use router::router;
pub use serve::{ServeError, Server};
pub use state::{ApiState, TellMetrics};
pub use wire::webhook_text;
