//! How far a copy is: a bar on standard error, where a person looks at it.

use atc_store::{Phase, Watch};
use indicatif::{ProgressBar, ProgressStyle};

use crate::out;

/// A bar over the rows of a phase.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Self {
        let style = ProgressStyle::with_template(
            "{prefix:10} {bar:30} {percent:>3} %  {per_sec}  {msg}  {eta} left",
        );
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Bar {
    fn begin(&self, phase: Phase, total: u64) {
        self.0.reset();
        self.0.set_length(total);
        let what = match phase {
            Phase::Rows => "copying",
            Phase::Text => "full text",
            Phase::Verify => "verifying",
        };
        self.0.set_prefix(what);
        if self.0.is_hidden() {
            out::note(format!("{what}: {total} rows"));
        }
    }

    fn advance(&self, table: &str, rows: u64) {
        self.0.set_message(table.to_owned());
        self.0.inc(rows);
    }
}
