//! What people read: standard output for results, standard error for everything about them.

use std::io::{self, Write};

/// Prints a line. A reader that has gone away, as `head` does, is no failure of ours.
pub fn line(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
}

/// Prints a text that ends its own lines.
pub fn text(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says something about what is going on.
pub fn note(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// Says why the program ends: what happened, every fault, and the causes below it. Whoever reads
/// this sits at the machine and may see them.
pub fn failure(error: &anyhow::Error) {
    let mut lines = Vec::new();
    for (depth, cause) in error.chain().enumerate() {
        let text = match cause.downcast_ref::<atc_core::Error>() {
            Some(e) => fault(e),
            None => cause.to_string(),
        };
        // Some errors repeat their cause in their own text.
        if !lines.last().is_some_and(|last: &String| last.contains(&text)) {
            lines.push(if depth == 0 { format!("error: {text}") } else { format!("  {text}") });
        }
    }
    note(lines.join("\n"));
}

/// A failure of a use case in one line: its detail, or every fault with its place.
pub fn fault(error: &atc_core::Error) -> String {
    if error.fields.is_empty() {
        return error.detail.to_string();
    }
    let fields = error.fields.iter().map(|f| match &f.location {
        atc_core::Location::Pointer(at) if at.is_empty() => f.message.clone(),
        atc_core::Location::Pointer(at) => format!("{}: {}", at.trim_start_matches('/'), f.message),
        atc_core::Location::Parameter(name) => format!("{name}: {}", f.message),
        atc_core::Location::Header(name) => format!("{name}: {}", f.message),
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// Rows below each other, each column as wide as its widest cell.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let width = |text: &str| text.chars().count();
    let widths: [usize; N] = std::array::from_fn(|i| {
        rows.iter().map(|row| width(&row[i])).chain([width(head[i])]).max().unwrap_or(0)
    });
    let mut table = String::new();
    let rows = rows.iter().map(|row| row.each_ref().map(String::as_str));
    for row in std::iter::once(head).chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, w)| format!("{cell:w$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "b".to_owned()], ["ccc".to_owned(), "d".to_owned()]];
        assert_eq!(table(["X", "Y"], &rows), "X    Y\na    b\nccc  d\n");
    }
}
