//! Reads pictures and prints what was read, one JSON object a line.
//!
//! `cargo run --release -p atc-media --example ocr -- MODELS_DIR/pp-ocrv6-small/HASH PICTURE …`
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{error::Error, fs::File, path::PathBuf, time::Instant};

use atc_core::file::{ContentType, FileName};
use atc_media::{Input, Models, Workplace, read_image};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let ocr = arguments.next().ok_or("the folder of the models comes first")?;
    let models = Models { ocr, pdfium: PathBuf::new(), speech: PathBuf::new() };
    let at = Workplace { models: &models, progress: &|_, _| () };
    for path in arguments {
        let bytes = File::open(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut input = Input {
            size: bytes.metadata()?.len(),
            bytes,
            content_type: ContentType::unknown(),
            filename: FileName::label(&name),
        };
        let started = Instant::now();
        let read = read_image(&mut input, &at);
        let seconds = started.elapsed().as_secs_f64();
        let mut line = match read {
            Ok(extracted) => json!({"extracted": extracted}),
            Err(error) => json!({"error": error.to_string()}),
        };
        line["path"] = path.display().to_string().into();
        line["seconds"] = seconds.into();
        line["peak_mb"] = peak_mb().map_or(Value::Null, Into::into);
        println!("{line}");
    }
    Ok(())
}

/// The most memory that was resident so far.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kb: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kb / 1024.0)
}
