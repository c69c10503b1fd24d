//! `import`.

mod progress;

use std::{
    fs::File,
    io::{BufRead, BufReader, stdin},
    process::ExitCode,
};

use anyhow::{Context, Result};
use atc_app::{App, ImportOutcome};
use atc_core::Ctx;
use indicatif::ProgressBar;

use self::progress::bar;
use crate::{
    cli::{Format, Import, Kind},
    config::Settings,
    out,
    transfer::{
        ArticleLine, CategoryLine, Line, Lines, TicketLine, csv_file, format_of, is_standard,
        json_lines,
    },
    wire,
};

/// Takes a file in. A line that cannot be taken is told with its number, and the rest goes on.
pub async fn run(settings: &Settings, args: &Import) -> Result<ExitCode> {
    let format = format_of(&args.file, args.format)?;
    let bar = bar(&args.file);
    let input: Box<dyn BufRead> = if is_standard(&args.file) {
        Box::new(BufReader::new(bar.wrap_read(stdin())))
    } else {
        let file = File::open(&args.file)
            .with_context(|| format!("cannot open {}", args.file.display()))?;
        Box::new(BufReader::new(bar.wrap_read(file)))
    };
    let app = wire::app(settings, wire::Engine::Local).await?;
    wire::first_admin(&app, settings).await?;
    app.take_over_model().await?;
    let ctx = app.operator().await?;
    let import = Importer { app: &app, ctx, bar, tally: Tally::default() };
    let tally = match args.kind {
        Kind::Tickets => import.run::<TicketLine>(input, format).await,
        Kind::Articles => import.run::<ArticleLine>(input, format).await,
        Kind::Categories => import.run::<CategoryLine>(input, format).await,
    };
    app.shut_down().await;
    Ok(if tally?.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Tally {
    made: u64,
    present: u64,
    failed: u64,
}

struct Importer<'a> {
    app: &'a App,
    ctx: Ctx,
    bar: ProgressBar,
    tally: Tally,
}

impl Importer<'_> {
    async fn run<L: Line>(mut self, input: Box<dyn BufRead>, format: Format) -> Result<Tally> {
        let lines: Lines<'_, L> = match format {
            Format::Jsonl => json_lines::read(input),
            Format::Csv => csv_file::read(input)?,
        };
        let mut batch = Vec::with_capacity(L::BATCH);
        for line in lines {
            let line = line.context("cannot read on")?;
            let parsed = line.line.and_then(|line| line.parse().map_err(|e| out::fault(&e)));
            match parsed {
                Ok(new) => batch.push((line.number, new)),
                Err(fault) => self.refuse(line.number, &fault),
            }
            if batch.len() == L::BATCH {
                self.take_in::<L>(&mut batch).await?;
            }
        }
        self.take_in::<L>(&mut batch).await?;
        self.bar.finish_and_clear();
        let Tally { made, present, failed } = self.tally;
        out::note(format!("{}: {made} made, {present} there already, {failed} failed", L::NOUN));
        Ok(self.tally)
    }

    async fn take_in<L: Line>(&mut self, batch: &mut Vec<(u64, L::New)>) -> Result<()> {
        let (numbers, news): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(()) };
        self.ctx.now = self.app.now();
        let outcomes = L::take_in(self.app, &self.ctx, news).await.with_context(|| {
            let Tally { made, present, .. } = self.tally;
            format!(
                "stopped at lines {first} to {last}, of which none was taken; before them \
                 {made} were made and {present} were there already"
            )
        })?;
        for (number, outcome) in numbers.into_iter().zip(outcomes) {
            match outcome {
                Ok(ImportOutcome::Created) => self.tally.made += 1,
                Ok(ImportOutcome::Present) => self.tally.present += 1,
                Err(e) => self.refuse(number, &out::fault(&e)),
            }
        }
        self.bar.set_message(format!("{} made", self.tally.made));
        Ok(())
    }

    fn refuse(&mut self, number: u64, fault: &str) {
        self.tally.failed += 1;
        self.bar.suspend(|| out::note(format!("line {number}: {fault}")));
    }
}
