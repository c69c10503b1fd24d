//! `user`.

use std::{
    io::{BufRead, IsTerminal, stdin},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use atc_app::App;
use atc_core::{
    page::{Limit, PageRequest},
    text::FullName,
    user::{Email, NewUser, Password, Role},
};
use chrono::SecondsFormat;

use crate::{cli::User, config::Settings, out, wire};

/// Makes, shows or changes accounts.
pub async fn run(settings: &Settings, command: User) -> Result<ExitCode> {
    let app = wire::app(settings, wire::Engine::None).await?;
    match command {
        User::Create { email, role, full_name, password_stdin } => {
            let email = Email::parse(email).context("--email")?;
            let name = full_name.unwrap_or_else(|| email.local_part().to_owned());
            let full_name = FullName::parse(name).context("--full-name")?;
            create(&app, email, role, full_name, password_stdin).await?;
        }
        User::List => list(&app).await?,
        User::SetRole { email, role } => {
            let user = app.set_role_as_operator(&email, role).await?;
            out::line(format!("{} is {} now", user.email, user.role));
        }
    }
    app.shut_down().await;
    Ok(ExitCode::SUCCESS)
}

async fn create(
    app: &App,
    email: Email,
    role: Role,
    full_name: FullName,
    password_stdin: bool,
) -> Result<()> {
    let (password, made) = if password_stdin {
        (read_password()?, false)
    } else if stdin().is_terminal() {
        (ask_password()?, false)
    } else {
        (wire::new_password()?, true)
    };
    let new = NewUser { email, password: Some(password.clone()), full_name, role };
    let user = app.create_user_as_operator(new).await?;
    out::line(format!("made the account {} ({})", user.email, user.role));
    if made {
        out::line(format!("its password, shown this once: {}", password.expose()));
    }
    Ok(())
}

fn read_password() -> Result<Password> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).context("cannot read the password")?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    Ok(Password::parse(line)?)
}

fn ask_password() -> Result<Password> {
    let first = rpassword::prompt_password("Password (12 characters to 72 bytes): ")?;
    let password = Password::parse(first)?;
    if rpassword::prompt_password("Once more: ")? != password.expose() {
        bail!("the two passwords differ; nothing was made");
    }
    Ok(password)
}

async fn list(app: &App) -> Result<()> {
    let limit = Limit::new(Limit::MAX.into()).unwrap_or_default();
    let mut after = None;
    let mut rows = Vec::new();
    loop {
        let page = app.list_users(PageRequest { limit, after, include_total: false }).await?;
        rows.extend(page.items.into_iter().map(|user| {
            [
                user.email.to_string(),
                user.role.to_string(),
                if user.is_active { "yes" } else { "no" }.to_owned(),
                user.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                user.full_name.into_string(),
            ]
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out::text(&out::table(["EMAIL", "ROLE", "ACTIVE", "MADE", "NAME"], &rows));
    Ok(())
}
