//! Prints what is read in a document, as JSON, with the time and the memory that it took:
//!
//! ```sh
//! cargo run --release -p atc-media --example document -- MODELS_DIR/pdfium/SHA256 FILE
//! ```
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::{fs::File, io::Read, path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use atc_core::file::FileName;
use atc_media::{BEGINNING, Input, Models, ReadError, Workplace, kind, read_document, sniff};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(pdfium), Some(path)) = (arguments.next(), arguments.next()) else {
        bail!("usage: document PDFIUM_FOLDER FILE");
    };
    let path = PathBuf::from(path);
    let filename = FileName::label(&path.to_string_lossy());
    let mut beginning = Vec::new();
    let file = File::open(&path).context("the file cannot be opened")?;
    file.take(BEGINNING as u64).read_to_end(&mut beginning)?;
    let content_type = sniff(&beginning, &filename);
    let bytes = File::open(&path)?;
    let size = bytes.metadata()?.len();
    let models =
        Models { ocr: PathBuf::new(), pdfium: PathBuf::from(pdfium), speech: PathBuf::new() };
    let at = Workplace { models: &models, progress: &|_, _| {} };
    let mut input = Input { bytes, size, content_type, filename };
    let start = Instant::now();
    let read = read_document(&mut input, &at, &mut |_| {
        Err(ReadError::unavailable("This example brings no OCR."))
    });
    let took = start.elapsed();
    let read = match read {
        Ok(read) => serde_json::to_value(read)?,
        Err(error) => serde_json::json!({ "error": error.to_string() }),
    };
    println!(
        "{}",
        serde_json::json!({
            "content_type": input.content_type.as_str(),
            "kind": kind(&input.content_type).as_str(),
            "took_ms": took.as_secs_f64() * 1000.0,
            "peak_kib": peak_kib(),
            "read": read,
        })
    );
    Ok(())
}

/// The most memory that was resident, by the kernel's account.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
