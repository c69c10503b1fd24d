//! The store on real databases: every test runs on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod conversations;
mod copy;
mod events;
mod fixtures;
mod jobs;
mod migrations;
mod oauth;
mod organisation;
mod replica;
mod search;
mod tickets;
mod tool_servers;
mod transactions;
