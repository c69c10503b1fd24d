//! A PostgreSQL server and another one that follows it, both of one test, which may treat them badly.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::machine::found;

/// An account without rights: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// A primary and its replica; they end with this value.
pub struct PostgresPair {
    programs: PathBuf,
    /// Holds the data of both.
    folder: TempDir,
    primary: u16,
    replica: u16,
}

impl PostgresPair {
    /// Starts both on free ports; `None`, said aloud, where the machine has no PostgreSQL.
    #[must_use]
    pub fn start() -> Option<Self> {
        let programs = PathBuf::from(found("TEST_POSTGRES_BIN")?);
        let folder = tempfile::tempdir().expect("a folder");
        let rights = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), rights).expect("others may enter it");
        let pair = Self { programs, folder, primary: free_port(), replica: free_port() };
        pair.make_folder("primary");
        pair.run("initdb", |c| {
            c.args(["--username", "postgres", "--auth", "trust", "--no-sync", "--pgdata"])
                .arg(pair.data("primary"))
        });
        pair.start_server("primary", pair.primary);
        pair.make_folder("replica");
        pair.run("pg_basebackup", |c| {
            c.args(["-h", "127.0.0.1", "-U", "postgres", "-R", "-c", "fast", "--no-sync", "-p"])
                .arg(pair.primary.to_string())
                .arg("-D")
                .arg(pair.data("replica"))
        });
        pair.start_replica();
        Some(pair)
    }

    /// The address of the primary's database.
    #[must_use]
    pub fn primary_url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.primary)
    }

    /// The address of the same database on the replica.
    #[must_use]
    pub fn replica_url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.replica)
    }

    /// How often the replica was asked this, by its log.
    #[must_use]
    pub fn asked_of_replica(&self, text: &str) -> usize {
        let log = fs::read_to_string(self.folder.path().join("replica/log")).expect("its log");
        log.matches(text).count()
    }

    /// Ends the replica at once.
    pub fn stop_replica(&self) {
        self.pg_ctl("replica", &["--mode", "immediate", "stop"]);
    }

    /// Starts the replica.
    pub fn start_replica(&self) {
        self.start_server("replica", self.replica);
    }

    /// Makes the replica a primary of its own.
    pub fn promote_replica(&self) {
        self.pg_ctl("replica", &["promote"]);
    }

    /// Sends a signal, such as `-STOP`, to every process of the replica.
    pub fn signal_replica(&self, name: &str) {
        let file = self.data("replica").join("postmaster.pid");
        let text = fs::read_to_string(file).expect("it runs");
        let postmaster = text.lines().next().expect("its number").to_owned();
        let mut all = children_of(&postmaster);
        all.push(postmaster);
        // One of them may have ended in between.
        let _ = Command::new("kill").arg(name).args(&all).status();
    }

    fn data(&self, server: &str) -> PathBuf {
        self.folder.path().join(server).join("data")
    }

    fn make_folder(&self, server: &str) {
        let folder = self.folder.path().join(server);
        fs::create_dir(&folder).expect("a folder");
        if self.runs_as_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("it changes hands");
        }
    }

    fn start_server(&self, server: &str, port: u16) {
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
             -c shared_buffers=32MB -c log_statement=all"
        );
        self.pg_ctl(server, &["--options", &options, "start"]);
    }

    fn pg_ctl(&self, server: &str, arguments: &[&str]) {
        let log = self.folder.path().join(server).join("log");
        self.run("pg_ctl", |c| {
            c.args(["--wait", "--silent", "--log"])
                .arg(log)
                .arg("--pgdata")
                .arg(self.data(server))
                .args(arguments)
        });
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) {
        let mut command = Command::new(self.programs.join(program));
        arguments(command.current_dir("/"));
        if self.runs_as_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let done = command.stdout(std::process::Stdio::null()).status().expect("it runs");
        assert!(done.success(), "{program} fails");
    }

    fn runs_as_root(&self) -> bool {
        fs::metadata(self.folder.path()).expect("a folder").uid() == 0
    }
}

impl Drop for PostgresPair {
    fn drop(&mut self) {
        for server in ["replica", "primary"] {
            let mut stop = Command::new(self.programs.join("pg_ctl"));
            stop.current_dir("/").args(["--mode", "immediate", "--silent", "--pgdata"]);
            stop.arg(self.data(server)).arg("stop");
            if self.runs_as_root() {
                stop.uid(NOBODY).gid(NOBODY);
            }
            let _ = stop.status();
        }
    }
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    free.local_addr().expect("its number").port()
}

fn children_of(parent: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("the processes").flatten();
    let of_parent = |process: &Path| {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // What stands before the last parenthesis is a name, which may hold anything.
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1)? == parent).then_some(())
    };
    let number = |p: fs::DirEntry| {
        of_parent(&p.path())?;
        p.file_name().into_string().ok()
    };
    processes.filter_map(number).collect()
}
