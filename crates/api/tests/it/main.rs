//! The HTTP door, through its router, on a real database of either engine.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod agents;
mod assistant;
mod bad_input;
mod bypass;
mod categories;
mod conditional;
mod dashboard;
mod database;
mod documents;
mod events;
mod files;
mod fixtures;
mod forged_tokens;
mod fuzz;
mod idempotency;
mod jobs;
mod knowledge;
mod limits;
mod lists;
mod live;
mod mass_assignment;
mod mcp;
mod notifications;
mod oauth;
mod policy;
mod serving;
mod smuggling;
mod sockets;
mod tickets;
mod tool_servers;
mod triage;
mod uploads;
mod webhooks;
