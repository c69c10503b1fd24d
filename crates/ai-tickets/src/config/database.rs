//! The keys of the database and of Redis.

use std::path::Path;

use url::Url;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// The file of the SQLite database that is used where no other is named.
const FILE: &str = "tickets.db";
const REPLICA: (&str, &str) =
    ("DATABASE_REPLICA_URL", "postgresql://tickets:password@replica/tickets");

/// The database.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://<path>` or `postgresql://…`.
    pub url: String,
    /// A server that follows it, for reads.
    pub replica_url: Option<String>,
    /// The most connections.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout_ms: u64,
    /// How long a statement may run (PostgreSQL).
    pub statement_timeout_ms: u64,
    /// Whether commits survive a power cut (SQLite).
    pub sqlite_full_sync: bool,
    /// Whether commands bring the schema up to date first.
    pub migrate_on_start: bool,
}

impl Database {
    pub(super) fn read(r: &mut Reader<'_>, data_dir: Option<&Path>) -> Result<Self, Noted> {
        let url =
            r.optional("DATABASE_URL", "postgresql://tickets:password@localhost/tickets", url);
        let replica = r.optional(REPLICA.0, REPLICA.1, replica);
        let connections = r.required("DATABASE_MAX_CONNECTIONS", "16", parse::number(1..=1000));
        let acquire =
            r.required("DATABASE_ACQUIRE_TIMEOUT_MS", "5000", parse::number(100..=300_000));
        let statement =
            r.required("DATABASE_STATEMENT_TIMEOUT_MS", "15000", parse::number(100..=3_600_000));
        let modes = [("full", true), ("normal", false)];
        let full_sync = r.required("SQLITE_SYNCHRONOUS", "full", parse::word(modes));
        let migrate = r.required("MIGRATE_ON_START", "false", parse::flag);
        let beside = data_dir.map(|dir| format!("sqlite://{}", dir.join(FILE).display()));
        let (url, replica_url) = (url?, replica?);
        let on_postgres = url.as_deref().is_some_and(|url| !url.starts_with("sqlite:"));
        if replica_url.is_some() && !on_postgres {
            r.note(REPLICA.0, None, "is set, but DATABASE_URL names no PostgreSQL", REPLICA.1);
            return Err(Noted);
        }
        Ok(Self {
            url: url.or(beside).ok_or(Noted)?,
            replica_url,
            max_connections: connections?,
            acquire_timeout_ms: acquire?,
            statement_timeout_ms: statement?,
            sqlite_full_sync: full_sync?,
            migrate_on_start: migrate?,
        })
    }
}

fn replica(text: &str) -> Result<String, String> {
    let url = url(text)?;
    if url.starts_with("sqlite:") {
        return Err("is not the address of a PostgreSQL database".to_owned());
    }
    Ok(url)
}

/// The address of a database, in any spelling that is common for it.
pub fn url(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
    // SQLAlchemy names its driver after a plus.
    let (engine, driver) = match scheme.split_once('+') {
        Some((engine, driver)) => (engine, Some(driver)),
        None => (scheme, None),
    };
    match engine {
        "postgresql" | "postgres" => postgres(rest, driver),
        "sqlite" => sqlite(rest),
        _ => Err("begins neither with postgresql:// nor with sqlite://".to_owned()),
    }
}

fn postgres(rest: &str, driver: Option<&str>) -> Result<String, String> {
    let wrong = || "is not the address of a PostgreSQL database".to_owned();
    let mut url = Url::parse(&format!("postgresql:{rest}")).map_err(|_| wrong())?;
    if !rest.starts_with("//") {
        return Err(wrong());
    }
    // asyncpg asks for TLS by a word of its own.
    if driver == Some("asyncpg") && url.query().is_some() {
        let options: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let rename = |name: String| if name == "ssl" { "sslmode".to_owned() } else { name };
        url.query_pairs_mut()
            .clear()
            .extend_pairs(options.into_iter().map(|(n, v)| (rename(n), v)));
    }
    Ok(url.into())
}

fn sqlite(rest: &str) -> Result<String, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains(":memory:") {
        return Err("names no file, which a database that outlives the program needs".to_owned());
    }
    if path.contains(['?', '#']) {
        return Err("holds options, which are not taken here".to_owned());
    }
    // SQLAlchemy writes an absolute path with four slashes.
    let path = match path.trim_start_matches('/') {
        bare if path.starts_with('/') => format!("/{bare}"),
        bare => bare.to_owned(),
    };
    Ok(format!("sqlite://{path}"))
}

/// The address of a Redis server.
pub(super) fn redis(text: &str) -> Result<String, String> {
    let legal = Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss" | "redis+unix" | "unix"));
    if legal { Ok(text.to_owned()) } else { Err("is not the address of a Redis server".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_of_addresses_are_understood() {
        for (given, meant) in [
            ("postgresql://u:p@h/d", "postgresql://u:p@h/d"),
            (
                "postgres://u:p@h:5433/d?sslmode=require",
                "postgresql://u:p@h:5433/d?sslmode=require",
            ),
            ("postgresql+asyncpg://u:p@h/d", "postgresql://u:p@h/d"),
            ("postgresql+asyncpg://u@h/d?ssl=require", "postgresql://u@h/d?sslmode=require"),
            ("postgresql:///d?host=/run/postgresql", "postgresql:///d?host=/run/postgresql"),
            ("sqlite:///var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("sqlite:////var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("sqlite+aiosqlite:///var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("sqlite://./x.db", "sqlite://./x.db"),
            ("sqlite:x.db", "sqlite://x.db"),
        ] {
            assert_eq!(url(given).as_deref(), Ok(meant));
        }
        for bad in [
            "",
            "x",
            "mysql://h/d",
            "sqlite::memory:",
            "sqlite:",
            "postgresql:h",
            "sqlite:///x?mode=rwc",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn redis_addresses() {
        assert!(redis("rediss://:p@h:6379/1").is_ok());
        assert!(redis("localhost:6379").is_err());
    }
}
