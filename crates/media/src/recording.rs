//! Recordings: what is said in them, and what their pictures show.
//!
//! `ffmpeg` decodes them, as a child of this process that is never given a name of the person who
//! uploaded the file: it opens what its standard input is.

mod channels;
mod decoder;
mod frames;
mod listening;
mod probe;
mod sound;
mod texts;

use std::cell::Cell;

use atc_core::file::{Extracted, Fact, FileKind};

use crate::{Input, ReadError, Workplace};

/// The part of the work that listening is, where there is something to look at as well.
const LISTENING: f64 = 0.6;

/// Reads a picture of a recording: its bytes (red, green, blue), width and height give its text.
pub type ReadFrame<'a> = dyn FnMut(&[u8], u32, u32) -> Result<String, ReadError> + 'a;

/// Reads a recording: the words with their times, the text in its key frames by `ocr_frame`, and what
/// the file says of itself. No speech is an empty transcript.
///
/// # Errors
/// When the file is no recording or broken from its beginning, when ffmpeg or a model is missing, and
/// what `ocr_frame` gives as [`ReadError::Unavailable`]; a picture that it refuses has no text.
pub fn read_recording(
    input: &mut Input,
    at: &Workplace<'_>,
    ocr_frame: &mut ReadFrame<'_>,
) -> Result<Extracted, ReadError> {
    if input.size == 0 {
        return Err(ReadError::refused("The file is empty."));
    }
    let told = Cell::new(-1.0);
    let tell = |done: f64, what: &str| {
        // A hundred times are enough.
        if done >= told.get() + 0.01 {
            told.set(done);
            (at.progress)(done.clamp(0.0, 1.0), what);
        }
    };
    tell(0.0, "opening the recording");
    let probe = probe::probe(&input.bytes)?;
    let mut read = Extracted::empty(FileKind::Audio);
    read.metadata = probe.facts();
    let share = if probe.video.is_some() { LISTENING } else { 1.0 };
    if probe.audio.is_some() {
        let heard = listening::listen(&input.bytes, &probe, &at.models.speech, &|done| {
            tell(done * share, "listening");
        })?;
        read.segments = heard.segments;
        read.language = heard.language;
        if let Some(until) = heard.cut_at {
            read.metadata.insert("read_until_s".to_owned(), Fact::Number(until));
        }
    }
    if let Some(video) = &probe.video {
        read.kind = FileKind::Video;
        let shown = frames::read(&input.bytes, video, probe.duration_s, ocr_frame, &|done| {
            tell(share + done * (1.0 - share), "looking at the pictures");
        })?;
        read.frames = texts::merged(shown);
    }
    read.text = texts::all(&read.segments, &read.frames);
    Ok(read)
}
