//! `ffmpeg` and `ffprobe` as children: how they are started, and that they are ended.

use std::{
    fs::File,
    io::{self, Read},
    process::{Child, ChildStdout, Command, Stdio},
    thread::{self, JoinHandle},
};

use crate::ReadError;

/// Formats that hold a recording in one file. Those that name other files or addresses (playlists,
/// `concat`, `dash`, numbered pictures) are not among them, nor are those without a beginning to know
/// them by.
const FORMATS: &str = "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,av1,avi,caf,dsf,dts,dtshd,dv,eac3,flac,\
    flv,gsm,gxf,h264,hevc,ivf,m4v,matroska,webm,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,\
    mpegvideo,mxf,nut,obu,ogg,oma,qcp,rm,sbc,sox,tak,truehd,tta,voc,w64,wav,wtv,wv,xwma";
/// The largest picture that is decoded, in pixels: 8K.
const MAX_PIXELS: &str = "36000000";
/// The largest piece of memory that ffmpeg asks for at once, in bytes.
const MAX_ALLOC: &str = "268435456";
/// What is kept of a child's complaints, in bytes.
const MAX_COMPLAINT: u64 = 8 * 1024;

/// A child that reads a file and writes to us. It is killed and reaped when this is dropped.
pub struct Decoder {
    child: Child,
    output: Option<ChildStdout>,
    complaints: Option<JoinHandle<String>>,
}

/// `ffmpeg` with what comes before the file, the file, and what comes behind it.
pub fn ffmpeg(file: &File, before: &[&str], after: &[&str]) -> Result<Decoder, ReadError> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-max_alloc", MAX_ALLOC]);
    command.args(["-filter_threads", "2", "-threads", "2"]).args(before);
    start(command, file, after)
}

/// `ffprobe` on the file.
pub fn ffprobe(file: &File, after: &[&str]) -> Result<Decoder, ReadError> {
    let mut command = Command::new("ffprobe");
    command.args(["-hide_banner", "-v", "error", "-max_alloc", MAX_ALLOC, "-threads", "2"]);
    start(command, file, after)
}

fn start(mut command: Command, file: &File, after: &[&str]) -> Result<Decoder, ReadError> {
    let broken =
        |e: io::Error| ReadError::unavailable(format_args!("ffmpeg cannot be started: {e}"));
    command
        .args(["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS])
        .args(["-max_pixels", MAX_PIXELS])
        // By this name it can be read from any place on, as MP4 needs; by `pipe:0` it cannot.
        .args(["-i", "file:/dev/stdin"])
        .args(after)
        .stdin(file.try_clone().map_err(broken)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => ReadError::unavailable(
            "ffmpeg is missing, which decodes recordings; install it, on Debian by `apt-get install ffmpeg`.",
        ),
        _ => broken(e),
    })?;
    let output = child.stdout.take();
    let complaints = child.stderr.take().map(|stderr| thread::spawn(move || complaint(stderr)));
    Ok(Decoder { child, output, complaints })
}

impl Decoder {
    /// Fills the buffer as far as there is something; gives the number of bytes.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let Some(output) = &mut self.output else { return Ok(0) };
        let mut filled = 0;
        while filled < buffer.len() {
            match output.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(ReadError::refused(format_args!(
                        "The recording cannot be read: {e}"
                    )));
                }
            }
        }
        Ok(filled)
    }

    /// Waits for its end; its last complaint, if it did not end well.
    pub fn finish(mut self) -> Result<(), String> {
        self.output = None;
        let status = self.child.wait();
        let said = self.complaints.take().and_then(|thread| thread.join().ok());
        match status {
            Ok(status) if status.success() => Ok(()),
            _ => Err(said.unwrap_or_default()),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.output = None;
        // It may have ended long ago, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(complaints) = self.complaints.take() {
            let _ = complaints.join();
        }
    }
}

/// The last line that a child complains with, in plain characters. All is read, so that the child
/// never waits for us; little is kept.
fn complaint(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    // What cannot be read is not needed.
    let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    let said = String::from_utf8_lossy(&kept);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let last = last.replace("file:/dev/stdin: ", "");
    last.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_complaints_one_plain_line_is_kept() {
        let many = "first\n".repeat(10_000);
        assert!((1..=5).contains(&complaint(many.as_bytes()).len()));
        assert_eq!(complaint("long".repeat(10_000).as_bytes()).len(), 200);
        let said = complaint(&b"a\n[wav @ 0x1] file:/dev/stdin: no \x1b[31mheader\xff\n\n"[..]);
        assert_eq!(said, "[wav @ 0x1] no [31mheader\u{fffd}");
    }
}
