//! The configuration, from outside.

use crate::program::Installation;

#[test]
fn all_faults_are_named_at_once_and_no_secret_is_shown() {
    let installation = Installation::new()
        .with("PORT", "eighty")
        .with("DATABASE_URL", "mysql://root:hunter2@db/tickets")
        .with("JWT_SECRET_KEY", "hunter2")
        .with("ADMIN_PASSWORD", "hunter2")
        .with("CORS_ALLOWED_ORIGINS", "*")
        .with("LOG_LEVEL", "loud");
    for command in [&["config", "check"][..], &["serve"]] {
        let said = installation.run(command).expect(1);
        for key in [
            "PORT",
            "DATABASE_URL",
            "JWT_SECRET_KEY",
            "ADMIN_PASSWORD",
            "CORS_ALLOWED_ORIGINS",
            "LOG_LEVEL",
        ] {
            assert!(said.err.contains(&format!("\n  {key} ")), "{key}: {}", said.err);
            assert!(said.err.contains(&format!("for example {key}=")), "{key}: {}", said.err);
        }
        assert!(!said.err.contains("hunter2"), "{}", said.err);
    }
    assert!(!installation.path("data").exists(), "a check makes nothing");
}

#[test]
fn what_is_in_force_is_shown_with_its_origin_and_without_secrets() {
    let installation = Installation::new()
        .with("DATABASE_URL", "postgresql+asyncpg://tickets:hunter2@db.example/tickets")
        .with("JWT_SECRET_KEY", "a secret of many more than thirty-two bytes")
        .with("REGISTRATION", "");
    installation.write(".env", "REGISTRATION=closed\nADMIN_EMAIL=\nMAX_CONNECTIONS=7 # few\n");
    let said = installation.run(&["config", "check"]).expect(0);
    let row = |key: &str| {
        let line = said.out.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("REGISTRATION"), ["closed", ".env"]);
    assert_eq!(row("MAX_CONNECTIONS"), ["7", ".env"]);
    assert_eq!(row("JWT_SECRET_KEY"), ["set", "environment"]);
    assert_eq!(row("ENCRYPTION_KEY"), ["unset", "default"]);
    assert_eq!(row("ACCESS_TOKEN_TTL_S"), ["900", "default"]);
    assert_eq!(row("DATABASE_URL")[0], "postgresql+asyncpg://***@db.example/tickets");
    assert!(!said.out.contains("hunter2") && !said.out.contains("thirty-two"), "{}", said.out);
}

#[test]
fn a_broken_line_of_the_file_is_told_without_being_shown() {
    let installation = Installation::new();
    installation.write(".env", "PORT=0\nADMIN_PASSWORD=hunter two\n");
    let said = installation.run(&["config", "check"]).expect(1);
    assert!(said.err.contains("after PORT"), "{}", said.err);
    assert!(!said.err.contains("hunter"), "{}", said.err);
}

#[test]
fn production_demands_its_secrets() {
    let installation = Installation::new().with("ENVIRONMENT", "production");
    let said = installation.run(&["serve"]).expect(1);
    assert!(said.err.contains("JWT_SECRET_KEY is not set"), "{}", said.err);
    assert!(said.err.contains("ENCRYPTION_KEY is not set"), "{}", said.err);
}

#[test]
fn the_api_document_is_printed() {
    let said = Installation::new().run(&["openapi"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/v1/tickets/ai"]["post"].is_object());
}
