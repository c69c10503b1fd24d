//! Reads a recording and prints what was read as JSON, then time, real-time factor and the most memory
//! that was used.
//!
//! ```sh
//! cargo run --release -p atc-media --example recording -- FILE MODEL_DIR
//! ```
//!
//! The folder holds `model.bin`, `config.json`, `vocabulary.txt` and `vad.onnx`, as below
//! `MODELS_DIR/whisper-base`. Texts in pictures are not read: of each key frame, its size is told.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program to be looked at")]

use std::{fs::File, io, path::PathBuf, time::Instant};

use atc_core::file::{ContentType, Fact, FileName};
use atc_media::{Input, Models, Workplace, read_recording};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(model)) = (arguments.next(), arguments.next()) else {
        return Err("FILE and MODEL_DIR are needed".into());
    };
    let bytes = File::open(&path)?;
    let size = bytes.metadata()?.len();
    let filename = FileName::label(&path);
    let mut input = Input { bytes, size, content_type: ContentType::unknown(), filename };
    let [ocr, pdfium, speech] = ["", "", &model].map(PathBuf::from);
    let models = Models { ocr, pdfium, speech };
    let progress = |done: f64, what: &str| eprint!("\r{:3.0} % {what}          ", done * 100.0);
    let at = Workplace { models: &models, progress: &progress };
    let begun = Instant::now();
    let mut pictures = 0;
    let mut ocr_frame = |_: &[u8], width: u32, height: u32| {
        pictures += 1;
        Ok(format!("picture {pictures}: {width} x {height}"))
    };
    let read = read_recording(&mut input, &at, &mut ocr_frame)?;
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!();
    println!("{}", serde_json::to_string(&read)?);
    let length = match read.metadata.get("duration_s") {
        Some(Fact::Number(length)) => *length,
        _ => f64::NAN,
    };
    eprintln!(
        "seconds {seconds:.2}, real-time factor {:.3}, peak {} MB",
        seconds / length,
        peak()?
    );
    Ok(())
}

/// The most memory that this process used, in megabytes; ffmpeg is a process of its own.
fn peak() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib =
        line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) / 1024)
}
