//! The program from outside: the built binary, as an operator runs it.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod agents;
mod assistant;
mod browser;
mod bucket;
mod clocks;
mod cluster;
mod config;
mod copy;
mod dashboard;
mod files;
mod full_disk;
mod hostile;
mod keys;
mod kills;
mod leaks;
mod models;
mod oauth;
mod pages;
mod partitions;
mod postgres;
mod program;
mod schema;
mod serve;
mod slow;
mod terminal;
mod ticket;
mod transfer;
mod watching;
