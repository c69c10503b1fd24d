//! A disk of a few megabytes that a test may fill.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A disk of one test; it is gone with this value.
pub struct SmallDisk {
    mount: PathBuf,
}

impl SmallDisk {
    /// Mounts one in an empty folder; `None`, said aloud, where this account may not mount.
    ///
    /// # Panics
    /// When it may not although `TEST_SERVICES=required`.
    #[must_use]
    pub fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        let size = format!("size={megabytes}m");
        let said = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder)
            .output()
            .expect("mount runs");
        if said.status.success() {
            return Some(Self { mount: folder.to_owned() });
        }
        let why = String::from_utf8_lossy(&said.stderr).into_owned();
        let required = std::env::var("TEST_SERVICES").as_deref() == Ok("required");
        assert!(!required, "TEST_SERVICES=required, but no disk can be mounted: {why}");
        eprintln!("skipped: no disk can be mounted here (root can): {why}");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .expect("a file on the disk");
        for piece in [vec![b'x'; 1 << 20], vec![b'x'; 4096], vec![b'x'; 1]] {
            while ballast.write_all(&piece).is_ok() {}
        }
    }

    /// Gives it back.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("the ballast is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still has files open there keeps them until it ends.
        let _ = Command::new("umount").arg("--lazy").arg(&self.mount).status();
    }
}
