//! `export`.

use std::{
    fs::{self, File},
    io::{BufWriter, Write, stdout},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use atc_app::App;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use crate::{
    cli::{Export, Format, Kind},
    config::Settings,
    out,
    transfer::{
        ArticleLine, CategoryLine, Line, TicketLine, csv_file, format_of, is_standard, json_lines,
    },
    wire,
};

/// Writes everything out.
pub async fn run(settings: &Settings, args: &Export) -> Result<ExitCode> {
    let format = format_of(&args.file, args.format)?;
    let app = wire::app(settings, wire::Engine::None).await?;
    let written = match args.kind {
        Kind::Tickets => write::<TicketLine>(&app, &args.file, format).await,
        Kind::Articles => write::<ArticleLine>(&app, &args.file, format).await,
        Kind::Categories => write::<CategoryLine>(&app, &args.file, format).await,
    };
    app.shut_down().await;
    written.with_context(|| format!("cannot write {}", args.file.display()))?;
    Ok(ExitCode::SUCCESS)
}

async fn write<L: Line>(app: &App, file: &Path, format: Format) -> Result<()> {
    let written = if is_standard(file) {
        write_to::<L>(app, stdout(), format).await?
    } else if fs::metadata(file).is_ok_and(|m| !m.is_file()) {
        // A pipe or a device is written to as it is.
        write_to::<L>(app, File::options().write(true).open(file)?, format).await?
    } else {
        // Whoever finds the file finds all of it: it gets its name when it is whole.
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let whole = NamedTempFile::new_in(folder)?;
        let written = write_to::<L>(app, whole.as_file(), format).await?;
        whole.as_file().sync_all()?;
        whole.persist(file)?;
        written
    };
    out::note(format!("{}: {written} written", L::NOUN));
    Ok(())
}

async fn write_to<L: Line>(app: &App, output: impl Write, format: Format) -> Result<u64> {
    let bar = bar(L::count(app).await?);
    let mut writer = Writer::begin::<L>(BufWriter::new(output), format)?;
    let mut after = 0;
    loop {
        let (lines, next) = L::give_out(app, after).await?;
        if lines.is_empty() {
            break;
        }
        for line in &lines {
            writer.write(line)?;
        }
        bar.inc(lines.len() as u64);
        after = next;
    }
    writer.end()?;
    bar.finish_and_clear();
    Ok(bar.position())
}

enum Writer<W: Write> {
    Jsonl(W),
    Csv(Box<csv_file::Writer<W>>),
}

impl<W: Write> Writer<W> {
    fn begin<L: Line>(output: W, format: Format) -> Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(output),
            Format::Csv => Self::Csv(Box::new(csv_file::Writer::begin::<L>(output)?)),
        })
    }

    fn write<L: Line>(&mut self, line: &L) -> Result<()> {
        match self {
            Self::Jsonl(output) => Ok(json_lines::write(output, line)?),
            Self::Csv(writer) => writer.write(line),
        }
    }

    fn end(self) -> Result<()> {
        match self {
            Self::Jsonl(mut output) => Ok(output.flush()?),
            Self::Csv(writer) => writer.end(),
        }
    }
}

/// How far it is, on standard error, where a person looks at it.
fn bar(lines: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {per_sec}  {eta} left");
    ProgressBar::new(lines).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
