//! The program from outside: the built binary, as an operator runs it.

mod accounts;
mod config;
mod postgres;
mod program;
mod schema;
mod serve;
mod ticket;
mod transfer;
