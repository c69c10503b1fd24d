//! `user`.

use std::os::unix::fs::PermissionsExt;

use crate::program::Installation;

#[test]
fn accounts_are_made_shown_and_changed() {
    let installation = Installation::new();
    let said = installation
        .run_with(
            &[
                "user",
                "create",
                "--email",
                "Ann@example.com",
                "--role",
                "admin",
                "--password-stdin",
            ],
            "correct horse battery\n",
        )
        .expect(0);
    assert!(!said.out.contains("horse"), "{}", said.out);
    let said = installation
        .run(&[
            "user",
            "create",
            "--email",
            "bob@example.com",
            "--role",
            "user",
            "--full-name",
            "Bob B.",
        ])
        .expect(0);
    let made = said.out.trim().rsplit(' ').next().unwrap().to_owned();

    let twice = installation
        .run(&["user", "create", "--email", "ANN@example.com", "--role", "user"])
        .expect(1);
    assert!(twice.err.contains("exists already"), "{}", twice.err);
    let said =
        installation.run(&["user", "set-role", "--email", "bob@example.com", "--role", "agent"]);
    assert_eq!(said.expect(0).out, "bob@example.com is agent now\n");
    let last =
        installation.run(&["user", "set-role", "--email", "ann@example.com", "--role", "user"]);
    assert!(last.expect(1).err.contains("last active administrator"));

    let said = installation.run(&["user", "list"]).expect(0);
    let rows: Vec<Vec<&str>> =
        said.out.lines().skip(1).map(|l| l.split_whitespace().collect()).collect();
    assert_eq!((rows[0][0], rows[0][1]), ("Ann@example.com", "admin"));
    assert_eq!((rows[1][0], rows[1][1]), ("bob@example.com", "agent"));
    assert_eq!(rows[1][4..], ["Bob", "B."]);

    let server = installation.serve();
    server.log_in("ann@example.com", "correct horse battery");
    server.log_in("bob@example.com", &made);
}

#[test]
fn a_weak_password_and_a_wrong_role_are_told() {
    let installation = Installation::new();
    let create = ["user", "create", "--email", "a@example.com", "--password-stdin", "--role"];
    let weak = installation.run_with(&[&create[..], &["user"]].concat(), "short\n").expect(1);
    assert!(weak.err.contains("at least 12 characters"), "{}", weak.err);
    assert!(!weak.err.contains("short"), "{}", weak.err);
    let wrong = installation.run(&[&create[..], &["root"]].concat()).expect(2);
    assert!(wrong.err.contains("user, agent, admin"), "{}", wrong.err);
}

#[test]
fn the_first_administrator_is_made_once_and_can_log_in() {
    let installation = Installation::new();
    let mut first = installation.serve();
    let password = installation.read("data/admin-password").trim().to_owned();
    let mode =
        |name: &str| installation.path(name).metadata().unwrap().permissions().mode() & 0o777;
    for secret in
        ["admin-password", "secrets/jwt_secret_key", "secrets/encryption_key", "tickets.db"]
    {
        assert_eq!(mode(&format!("data/{secret}")), 0o600, "{secret}");
    }
    let token = first.log_in("admin@localhost", &password);
    first.signal("TERM");
    assert!(first.wait().success());
    assert!(first.rest_of_banner().contains(&password));

    let mut second = installation.serve();
    assert_eq!(second.call("GET", "/auth/me", &token, None).status, 200, "logins survive");
    second.signal("TERM");
    assert!(second.wait().success());
    assert!(!second.rest_of_banner().contains(&password), "it is shown once");
}

#[test]
fn the_first_administrator_is_the_one_who_was_named() {
    let installation = Installation::new()
        .with("ADMIN_EMAIL", "root@example.com")
        .with("ADMIN_PASSWORD", "correct horse battery");
    let server = installation.serve();
    server.log_in("root@example.com", "correct horse battery");
    assert!(!installation.path("data/admin-password").exists());
}
