//! What a person at a terminal sees: questions, hidden passwords, progress.

use std::{
    fs,
    io::{Read, Write},
    process::{Child, ChildStdout, Command},
};

use crate::program::{Installation, eventually};

const PASSWORD: &str = "eleven badgers dig";

/// A command at a terminal that `script` of util-linux makes, which shows what is typed unless the command forbids it.
struct Terminal {
    child: Child,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    fn new(installation: &Installation, args: &str) -> Self {
        let mut child = installation.at_terminal(args);
        let screen = child.stdout.take().unwrap();
        Self { child, screen, seen: String::new() }
    }

    /// Reads until the screen shows this after what was waited for before.
    fn shows(&mut self, text: &str) {
        let begin = self.seen.len();
        while !self.seen[begin..].contains(text) {
            assert!(self.read(), "the command ended before it said {text:?}: {}", self.seen);
        }
    }

    fn read(&mut self) -> bool {
        let mut byte = [0; 1];
        let read = self.screen.read(&mut byte).unwrap() > 0;
        self.seen.push(char::from(byte[0]));
        read
    }

    /// Waits until what is typed stays hidden, which begins a moment after the question stands there.
    fn hides(&self) {
        let script = self.child.id();
        eventually("the echo is off", || {
            let children = fs::read_to_string(format!("/proc/{script}/task/{script}/children"));
            let command = children.unwrap();
            let terminal = fs::read_link(format!("/proc/{}/fd/0", command.trim())).unwrap();
            let stty = Command::new("stty").arg("-F").arg(terminal).arg("-a").output().unwrap();
            String::from_utf8(stty.stdout).unwrap().split_whitespace().any(|flag| flag == "-echo")
        });
    }

    fn types(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Everything on the screen once the command ended with this code.
    fn ends(mut self, code: i32) -> String {
        while self.read() {}
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{}", self.seen);
        self.seen
    }
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let installation = Installation::new();
    let create = "user create --email ann@example.com --role agent";
    let mut terminal = Terminal::new(&installation, create);
    terminal.shows("Password (12 characters to 72 bytes): ");
    terminal.hides();
    terminal.types(&format!("{PASSWORD}\n"));
    terminal.shows("Once more: ");
    terminal.hides();
    terminal.types(&format!("{PASSWORD}\n"));
    let screen = terminal.ends(0);
    assert!(screen.contains("made the account ann@example.com (agent)"), "{screen}");
    assert!(!screen.contains(PASSWORD), "{screen}");

    let server = installation.serve();
    let form = serde_json::json!({"email": "ann@example.com", "password": PASSWORD});
    let login = server.call("POST", "/auth/login", "", Some(&form));
    assert_eq!(login.status, 200, "{}", login.body);
}

#[test]
fn two_passwords_that_differ_make_nothing() {
    let installation = Installation::new();
    let mut terminal =
        Terminal::new(&installation, "user create --email ann@example.com --role agent");
    terminal.shows("Password (12 characters to 72 bytes): ");
    terminal.hides();
    terminal.types(&format!("{PASSWORD}\n"));
    terminal.shows("Once more: ");
    terminal.hides();
    terminal.types("another password\n");
    let screen = terminal.ends(1);
    assert!(screen.contains("the two passwords differ; nothing was made"), "{screen}");
    assert!(!installation.run(&["user", "list"]).expect(0).out.contains("ann@example.com"));
}

#[test]
fn words_are_asked_for_and_typed() {
    let installation = Installation::new();
    let mut terminal = Terminal::new(&installation, "ticket new");
    terminal.shows("Say what is wrong, in your own words; end with Ctrl-D on a line of its own.");
    terminal.types("The printer on floor two eats paper\n\u{4}");
    let screen = terminal.ends(0);
    assert!(screen.contains("#1  The printer on floor two eats paper"), "{screen}");
}

#[test]
fn an_import_shows_how_far_it_is() {
    let installation = Installation::new();
    let line =
        |n: usize| serde_json::json!({"title": format!("Ticket {n}"), "description": "It fails."});
    let lines: Vec<String> = (0..300).map(|n| line(n).to_string()).collect();
    installation.write("tickets.jsonl", &lines.join("\n"));
    let screen = Terminal::new(&installation, "import tickets tickets.jsonl").ends(0);
    assert!(screen.contains(" % ") && screen.contains("left"), "{screen}");
    // Nobody draws bars into a log.
    let said = installation.run(&["import", "tickets", "tickets.jsonl"]).expect(0);
    assert!(!said.err.contains(" % "), "{}", said.err);
}
