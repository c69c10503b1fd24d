//! The program from outside: the built binary, as an operator runs it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers as well"
)]

mod accounts;
mod config;
mod postgres;
mod program;
mod schema;
mod serve;
mod ticket;
mod transfer;
