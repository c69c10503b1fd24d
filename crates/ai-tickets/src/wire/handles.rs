//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides connections of clients: the database, files on their way, child processes.
const BESIDES: u64 = 256;

/// Takes as many as the system gives, and tells the operator when so many connections as configured cannot
/// be open at the same time.
pub fn take_all(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let most = match setrlimit(Resource::Nofile, all) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let wanted = u64::try_from(max_connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    if most.is_some_and(|most| most < wanted) {
        tracing::warn!(
            open_files = most,
            max_connections,
            "the system lets this process open fewer connections than MAX_CONNECTIONS; raise its limit \
             of open files"
        );
    }
}
