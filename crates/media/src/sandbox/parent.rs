//! The parent: starts a child for each file, listens to it within bounds, and ends it with all that it
//! started.

use std::{
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use atc_core::{
    file::{ContentType, Extracted, FileKind, FileName},
    ports::{Ability, BoxFuture, ExtractError, Extractor, FileToRead, ReadProgress},
};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::protocol::{Line, MOST_ANSWER_BYTES, Request};
use crate::{Models, read, sniff};

/// How much of what a dying child says is kept for the log.
const LAST_WORDS_BYTES: u64 = 4 * 1024;

/// How files are read.
#[derive(Debug, Clone)]
pub struct ReaderConfig {
    /// This program.
    pub program: PathBuf,
    /// The command by which it becomes a child; the request follows.
    pub command: &'static str,
    /// The folders of the models.
    pub models: Models,
    /// How much memory a child may take, in bytes of address space.
    pub memory: u64,
    /// How long a picture or a document may take.
    pub timeout: Duration,
    /// How long a recording may take.
    pub recording_timeout: Duration,
}

/// Reads files in child processes.
pub struct MediaReader {
    config: ReaderConfig,
    /// Walls that this kernel does not have, as the latest child found.
    missing_walls: Mutex<Option<Vec<String>>>,
}

impl MediaReader {
    /// Reads files as configured. Nothing is started yet.
    #[must_use]
    pub fn new(config: ReaderConfig) -> Self {
        Self { config, missing_walls: Mutex::new(None) }
    }

    fn time_for(&self, content_type: &ContentType) -> Duration {
        match sniff::kind(content_type) {
            FileKind::Audio | FileKind::Video => self.config.recording_timeout,
            FileKind::Image | FileKind::Document | FileKind::Other => self.config.timeout,
        }
    }

    fn start(&self, file: FileToRead, time: Duration) -> Result<Running, ExtractError> {
        let models = &self.config.models;
        let request = Request {
            content_type: file.content_type.to_string(),
            filename: file.filename.to_string(),
            ocr: models.ocr.clone(),
            pdfium: models.pdfium.clone(),
            speech: models.speech.clone(),
            memory: self.config.memory,
            // Two processors at once for as long as it may take.
            cpu_s: time.as_secs().max(1) * 2,
        };
        let cannot = |e: &dyn std::fmt::Display| {
            ExtractError::Unavailable(format!("The reader of files cannot be started: {e}."))
        };
        let request = serde_json::to_string(&request).map_err(|e| cannot(&e))?;
        let mut command = Command::new(&self.config.program);
        command
            .arg(self.config.command)
            .arg(request)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::from(file.bytes))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().map_err(|e| cannot(&e))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Ok(Running { child, group })
    }

    async fn read(
        &self,
        file: FileToRead,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Extracted, ExtractError> {
        let time = self.time_for(&file.content_type);
        let mut running = self.start(file, time)?;
        let (out, err) = (running.child.stdout.take(), running.child.stderr.take());
        let listening = async { tokio::join!(self.listen(out, progress), last_words(err)) };
        let Ok((answer, words)) = timeout(time, listening).await else {
            let seconds = time.as_secs();
            return Err(ExtractError::Died(format!(
                "Reading this file took longer than {seconds} s and was ended."
            )));
        };
        let answer = answer?;
        // Its output is closed: it has ended, or has nothing more to say.
        running.end();
        let status = running.child.wait().await;
        match answer {
            Some(answer) => answer,
            None => Err(ExtractError::Died(epitaph(status.ok(), &words))),
        }
    }

    /// The child's answer; `None` where it ended without one.
    async fn listen(
        &self,
        out: Option<impl AsyncRead + Unpin>,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Option<Result<Extracted, ExtractError>>, ExtractError> {
        let Some(out) = out else { return Ok(None) };
        let mut lines = BufReader::new(out.take(MOST_ANSWER_BYTES)).lines();
        let mut answer = None;
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str(&line) {
                Ok(Line::Progress { fraction, note }) => {
                    progress(ReadProgress { fraction: fraction.clamp(0.0, 1.0), note });
                }
                Ok(Line::MissingWalls(missing)) => {
                    let mut known =
                        self.missing_walls.lock().unwrap_or_else(PoisonError::into_inner);
                    *known = Some(missing);
                }
                Ok(Line::Done(extracted)) => answer = Some(Ok(*extracted)),
                Ok(Line::Refused(why)) => answer = Some(Err(ExtractError::Refused(why))),
                Ok(Line::Unavailable(what)) => {
                    answer = Some(Err(ExtractError::Unavailable(what)));
                }
                Err(e) => {
                    return Err(ExtractError::Died(format!(
                        "The reader of this file answered in a way that cannot be read: {e}."
                    )));
                }
            }
        }
        Ok(answer)
    }
}

impl Extractor for MediaReader {
    fn sniff(&self, beginning: &[u8], filename: &FileName) -> ContentType {
        sniff::sniff(beginning, filename)
    }

    fn extract<'a>(
        &'a self,
        file: FileToRead,
        progress: &'a (dyn Fn(ReadProgress) + Send + Sync),
    ) -> BoxFuture<'a, Result<Extracted, ExtractError>> {
        Box::pin(self.read(file, progress))
    }

    fn abilities(&self) -> Vec<Ability> {
        let mut abilities = read::abilities(&self.config.models);
        let walls = self.missing_walls.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = walls.as_ref().filter(|missing| !missing.is_empty());
        abilities.push(Ability {
            name: "sandbox",
            missing: missing.map(|missing| {
                format!("this kernel lacks {}; files are read with limits only", missing.join(", "))
            }),
        });
        abilities
    }
}

/// A child that runs. Dropped, it is ended with all that it started.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Running {
    fn end(&mut self) {
        if let Some(group) = self.group.take() {
            // Where it ended by itself, there is nothing left to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

async fn last_words(err: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut err) = err else { return String::new() };
    let mut words = Vec::new();
    // What cannot be read was not said.
    let _ = (&mut err).take(LAST_WORDS_BYTES).read_to_end(&mut words).await;
    let _ = tokio::io::copy(&mut err, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&words).into_owned()
}

/// Why a child ended without an answer, in words for whoever uploaded the file.
fn epitaph(status: Option<ExitStatus>, words: &str) -> String {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.and_then(|status| status.signal()).and_then(Signal::from_named_raw);
    tracing::warn!(?status, words, "a reader of files died");
    let memory = words.contains("memory allocation") || words.contains("out of memory");
    match signal {
        Some(Signal::XCPU | Signal::KILL) if !memory => {
            "Reading this file took more processor time than allowed.".to_owned()
        }
        _ if memory => "Reading this file took more memory than allowed.".to_owned(),
        _ => "The reader of this file broke down; the file may be damaged.".to_owned(),
    }
}
