//! How far an import is: a bar on standard error, where a person looks at it.

use std::{fs, path::Path};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the bytes of the file; without a size, what was read so far.
pub fn bar(file: &Path) -> ProgressBar {
    let size = fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|m| m.len());
    let (bar, template) = match size {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{bar:30} {percent:>3} %  {binary_bytes_per_sec}  {msg}  {eta} left",
        ),
        None => (ProgressBar::no_length(), "{spinner} {binary_bytes}  {msg}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
