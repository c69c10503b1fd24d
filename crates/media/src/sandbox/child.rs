//! The child: puts itself behind walls, reads the file that is its standard input, and answers.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    process::ExitCode,
};

use atc_core::file::{ContentType, FileName};

use super::{
    protocol::{Line, Request},
    walls::{self, Bounds},
};
use crate::{Input, Models, ReadError, Workplace, read::read};

/// Reads the file that is the standard input, as the request says, and answers on the standard output.
/// Call it before anything else of the process starts: walls hold threads that begin after them.
pub fn read_in_child(request: &str) -> ExitCode {
    match serde_json::from_str(request).map_err(io::Error::from).and_then(|r| serve(&r)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(request: &Request) -> io::Result<()> {
    let models = Models {
        ocr: request.ocr.clone(),
        pdfium: request.pdfium.clone(),
        speech: request.speech.clone(),
    };
    let bounds = Bounds { memory: request.memory, cpu_s: request.cpu_s };
    let missing = walls::restrict(bounds, &[&models.ocr, &models.pdfium, &models.speech])?;
    answer(&Line::MissingWalls(missing))?;
    let bytes = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut input = Input {
        size: bytes.metadata()?.len(),
        bytes,
        content_type: ContentType::parse(&request.content_type)
            .unwrap_or_else(ContentType::unknown),
        filename: FileName::label(&request.filename),
    };
    let progress = |fraction: f64, note: &str| {
        // A parent that does not listen any more has ended this process.
        let _ = answer(&Line::Progress { fraction, note: note.to_owned() });
    };
    let place = Workplace { models: &models, progress: &progress };
    let line = match read(&mut input, &place) {
        Ok(mut extracted) => {
            extracted.bound();
            Line::Done(Box::new(extracted))
        }
        Err(ReadError::Refused(why)) => Line::Refused(why),
        Err(ReadError::Unavailable(what)) => Line::Unavailable(what),
    };
    answer(&line)
}

fn answer(line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}
