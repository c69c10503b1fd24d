//! What keeps the child in: bounds on what it takes, and on what it can reach.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{self, DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// Open files that reading takes at most, ffmpeg's pipes and models included.
const MOST_OPEN_FILES: u64 = 128;
/// How much less than the server the child counts for.
const NICENESS: i32 = 5;

/// Where programs, their libraries and their settings are, and what the processor can do: who cannot
/// see that multiplies ten times as slowly.
const SYSTEM: [&str; 11] = [
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc",
    "/opt",
    "/nix",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
];

/// Calls that reading never needs: sockets, and what reaches other processes or the kernel itself.
const FORBIDDEN: [i64; 30] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    // It makes sockets without asking by name.
    libc::SYS_io_uring_setup,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
];

/// What the child may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of address space.
    pub memory: u64,
    /// Seconds of processor time.
    pub cpu_s: u64,
}

/// Puts this process behind its walls; there is no way back. Gives the names of those that this kernel
/// does not have.
///
/// # Errors
/// When a bound cannot be set, which needs no feature of the kernel.
pub(super) fn restrict(bounds: Bounds, readable: &[&Path]) -> std::io::Result<Vec<String>> {
    // With the server gone nobody waits for the answer.
    process::set_parent_process_death_signal(Some(Signal::KILL))?;
    process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    process::nice(NICENESS)?;
    for (resource, most) in [
        (Resource::As, bounds.memory),
        (Resource::Cpu, bounds.cpu_s),
        // It writes to pipes alone.
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, MOST_OPEN_FILES),
    ] {
        process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    let mut missing = Vec::new();
    if !landlocked(readable).unwrap_or(false) {
        missing.push("landlock".to_owned());
    }
    if filter().is_none_or(|program| seccompiler::apply_filter(&program).is_err()) {
        missing.push("seccomp".to_owned());
    }
    Ok(missing)
}

/// Lets it read what reading takes, and nothing else; write nothing, and reach no port.
fn landlocked(readable: &[&Path]) -> Result<bool, landlock::RulesetError> {
    let abi = ABI::V6;
    let read = AccessFs::from_read(abi);
    let mut paths: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    paths.extend(readable.iter().map(|path| path.to_path_buf()));
    paths.retain(|path| path.exists());
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(paths, read))?
        // ffmpeg opens its input once more, by whatever name it has or had.
        .add_rule(PathBeneath::new(std::io::stdin(), AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(
            ["/dev/null", "/dev/zero", "/dev/urandom"],
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

fn filter() -> Option<BpfProgram> {
    let forbidden = FORBIDDEN.into_iter().map(|call| (call, Vec::new())).collect();
    let refused = u32::try_from(libc::EPERM).ok()?;
    let architecture = std::env::consts::ARCH.try_into().ok()?;
    let filter = SeccompFilter::new(
        forbidden,
        SeccompAction::Allow,
        SeccompAction::Errno(refused),
        architecture,
    );
    filter.ok()?.try_into().ok()
}
