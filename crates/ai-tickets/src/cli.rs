//! The command line.

use std::path::PathBuf;

use atc_core::user::{Email, Role};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// AI Ticket Creator: tickets from plain words.
#[derive(Debug, Parser)]
#[command(name = "ai-tickets", version, propagate_version = true)]
#[command(after_help = "Configuration: see `ai-tickets config check` and .env.example.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API, with the work in the background
    Serve(Serve),
    /// Change the schema of the database
    #[command(subcommand)]
    Migrate(Migrate),
    /// Make and change accounts
    #[command(subcommand)]
    User(User),
    /// Look at the configuration
    #[command(subcommand)]
    Config(Config),
    /// Print the OpenAPI document
    Openapi,
    /// Take in tickets, articles or categories, from JSON Lines or CSV
    Import(Import),
    /// Write out tickets, articles or categories, as JSON Lines or CSV
    Export(Export),
    /// Copy an installation to another database, and verify it
    Copy(Copy),
    /// Verify the audit trail, or write it out
    #[command(subcommand)]
    Audit(Audit),
    /// Change the keys that seal secrets
    #[command(subcommand)]
    Keys(Keys),
    /// Fetch and verify the local models
    #[command(subcommand)]
    Models(Models),
    /// Ask a server of this machine whether it serves
    Health {
        /// Where to ask [default: /health/ready on PORT]
        #[arg(long)]
        url: Option<String>,
    },
    /// Speak MCP with one agent, with the rights of `MCP_TOKEN`
    Mcp(Mcp),
    /// Make a ticket here, without a server
    #[command(subcommand)]
    Ticket(Ticket),
    /// Read the file on the standard input, behind walls; the server calls this
    #[command(hide = true)]
    ReadFile {
        /// What to read, as JSON
        request: String,
    },
}

/// Serve the API, with the work in the background.
#[derive(Debug, Args)]
pub struct Serve {
    /// Which parts to run, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "ROLES")]
    pub roles: Vec<ServeRole>,
}

/// Speak MCP with one agent over the standard input and output, with the rights of `MCP_TOKEN`.
#[derive(Debug, Args)]
pub struct Mcp {
    /// Over the standard input and output; over HTTP, `serve` speaks it
    #[arg(long, required = true)]
    pub stdio: bool,
}

/// A part of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServeRole {
    /// The HTTP API
    Api,
    /// Work in the background: indexing, learning, catching up
    Worker,
    /// The MCP server, on a port of its own
    Mcp,
    /// The job dashboard, on a port of its own
    Dashboard,
}

/// Change the schema of the database.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Apply pending migrations
    Up {
        /// At most so many [default: all]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        steps: Option<u32>,
    },
    /// Revert the latest migrations; what their tables held is gone
    Down {
        /// How many
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// Show every migration and whether it is applied
    Status,
}

/// Change the keys that seal secrets.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Seal with `ENCRYPTION_KEY` whatever `OTHER_ENCRYPTION_KEYS` have sealed; others may serve meanwhile
    Rotate,
}

/// Verify the audit trail, or write it out.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Read it against its seals, and print the hash of the newest; 1 when something was changed
    Verify {
        /// The hash of a seal that was noted elsewhere, which must be among them
        #[arg(long, value_name = "HASH")]
        expect: Option<String>,
    },
    /// Write every entry with its seal to the standard output, as JSON Lines
    Export,
}

/// Make and change accounts.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account
    Create {
        /// The address
        #[arg(long)]
        email: String,
        /// user, agent or admin
        #[arg(long, value_parser = role)]
        role: Role,
        /// The name [default: the part of the address before the @]
        #[arg(long)]
        full_name: Option<String>,
        /// Read the password from standard input; otherwise it is asked for at a terminal, or made
        /// and printed
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show all accounts
    List,
    /// Give an account another role
    SetRole {
        /// The address
        #[arg(long, value_parser = email)]
        email: Email,
        /// user, agent or admin
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

/// Look at the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show what is in force, without secrets, or every fault at once
    Check,
}

/// What is imported and exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Tickets
    Tickets,
    /// Articles of the knowledge base
    Articles,
    /// Categories
    Categories,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

/// Take in tickets, articles or categories.
#[derive(Debug, Args)]
#[command(after_long_help = "\
The fields are those of the create calls; tickets also have status, created_at and external_id.
What has an external_id (a category: its slug) is taken in once, however often it comes. A line
that cannot be taken is told with its number, and the rest goes on; the exit code is then 1.
Lists in CSV are JSON arrays, or values with semicolons between.")]
pub struct Import {
    /// What the file holds
    pub kind: Kind,
    /// The file; `-` is standard input
    pub file: PathBuf,
    /// How the file is written [default: by its extension]
    #[arg(long)]
    pub format: Option<Format>,
}

/// Write out tickets, articles or categories.
#[derive(Debug, Args)]
#[command(after_long_help = "\
What has no identity of another system is written with its own id as external_id, so that what is
imported twice is there once. Import categories before tickets: tickets name them.
In CSV, a cell that a spreadsheet would run as a formula gets an apostrophe before it, which an
import takes away again.")]
pub struct Export {
    /// What to write
    pub kind: Kind,
    /// The file; `-` is standard output
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// How to write it [default: by the file's extension]
    #[arg(long)]
    pub format: Option<Format>,
}

/// Copy an installation to another database.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Addresses are those that DATABASE_URL takes. Stop every server of the source first. The target must
be a new database; a copy that was interrupted goes on when the same command runs again. At the end
both sides are read and compared, and the exit code is 1 where they differ. Files are not copied:
they stay where STORAGE_URL says.")]
pub struct Copy {
    /// The database that is copied; it is only read
    #[arg(long, value_name = "URL", value_parser = crate::config::database_url)]
    pub from: String,
    /// Where it goes
    #[arg(long, value_name = "URL", value_parser = crate::config::database_url)]
    pub to: String,
}

/// Fetch and verify the local models.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Fetch what is missing
    Fetch,
    /// Compare every file with its checksum
    Verify,
    /// Show every model, and whether it is there
    List,
}

/// Make a ticket here, without a server.
#[derive(Debug, Subcommand)]
pub enum Ticket {
    /// Make a ticket from words
    New {
        /// The words; without any, or with `-`, standard input
        words: Vec<String>,
        /// Show the ticket without storing it
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|e: atc_core::user::UnknownRole| e.to_string())
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
