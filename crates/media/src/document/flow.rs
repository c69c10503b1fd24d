//! Paragraphs and tables as plain text: a line for a paragraph or a row, tabs between cells.

use super::output::Output;

/// What stands between what was written and what comes next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Blank,
}

/// Columns of a table that are told apart; no spreadsheet has more.
const COLUMNS: usize = 16_384;

/// Writes paragraphs and tables. Gaps are written when text follows, so that empty paragraphs, rows
/// and cells leave none behind.
pub(super) struct Flow<'o> {
    out: &'o mut Output,
    gap: Gap,
    tabs: usize,
    /// Of each open table, how many cells its open row has.
    tables: Vec<usize>,
    /// Whether nothing was written since the row began.
    fresh: bool,
    /// Whether tables serve the layout of a page, so that their cells have lines of their own.
    layout: bool,
}

impl<'o> Flow<'o> {
    pub(super) fn new(out: &'o mut Output) -> Self {
        let gap = if out.len() == 0 { Gap::None } else { Gap::Line };
        Self { out, gap, tabs: 0, tables: Vec::new(), fresh: false, layout: false }
    }

    /// For pages whose tables may be there for the layout, as in mails: paragraphs within a cell keep
    /// their lines, and so do the rows of tables within tables.
    pub(super) fn of_layout(out: &'o mut Output) -> Self {
        Self { layout: true, ..Self::new(out) }
    }

    /// Where the text goes.
    pub(super) fn out(&mut self) -> &mut Output {
        self.out
    }

    /// A page begins here.
    pub(super) fn begin_page(&mut self, number: u32) {
        self.out.begin_page(number);
        self.gap = Gap::None;
        self.tabs = 0;
    }

    /// Text within a paragraph. In a table a line break would look like a new row.
    pub(super) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.close_gap();
        if self.tables.is_empty() || self.layout {
            self.out.push(text);
        } else {
            for (at, piece) in text.split(['\n', '\t']).enumerate() {
                if at > 0 {
                    self.out.push(" ");
                }
                self.out.push(piece);
            }
        }
    }

    /// Words: runs of white space are one space, and none stands at the beginning of a line.
    pub(super) fn words(&mut self, text: &str) {
        let begins = text.starts_with(char::is_whitespace);
        for (at, word) in text.split_whitespace().enumerate() {
            if at > 0 || begins {
                self.space();
            }
            self.text(word);
        }
        if text.ends_with(char::is_whitespace) {
            self.space();
        }
    }

    /// Makes sure that a space or more stands here.
    pub(super) fn space(&mut self) {
        let begins = self.out.len() == 0 || self.out.since(self.out.len() - 1) == "\n";
        if !begins && self.tabs == 0 {
            self.widen(Gap::Space);
        }
    }

    /// A tab within a paragraph.
    pub(super) fn tab(&mut self) {
        self.text("\t");
    }

    /// The next text stands on a new line; in a table of data, after a space.
    pub(super) fn line(&mut self) {
        self.break_with(Gap::Line);
    }

    /// The next text stands after an empty line; in a table of data, after a space.
    pub(super) fn blank(&mut self) {
        self.break_with(Gap::Blank);
    }

    fn break_with(&mut self, gap: Gap) {
        if self.tables.is_empty() {
            self.widen(gap);
        } else if !self.layout {
            self.widen(Gap::Space);
        } else if self.tabs == 0 {
            // Behind a tab a cell begins, and the gap would part it from its row.
            self.widen(gap);
        }
    }

    /// A table begins.
    pub(super) fn begin_table(&mut self) {
        self.line();
        self.tables.push(0);
    }

    /// A table ends.
    pub(super) fn end_table(&mut self) {
        self.tables.pop();
        if self.tables.is_empty() {
            self.tabs = 0;
        }
        self.line();
    }

    /// A row begins. A table within a cell of data is a run of words there.
    pub(super) fn begin_row(&mut self) {
        let is_outer = self.tables.len() < 2 || self.layout;
        if let (Some(cells), true) = (self.tables.last_mut(), is_outer) {
            // What a table begins with may stand after an empty line, its other rows may not.
            let is_first = std::mem::take(cells) == 0;
            self.gap = if is_first { self.gap.max(Gap::Line) } else { Gap::Line };
            self.tabs = 0;
            self.fresh = true;
        } else {
            self.line();
        }
    }

    /// A cell begins.
    pub(super) fn begin_cell(&mut self) {
        let is_outer = self.tables.len() < 2 || self.layout;
        let (Some(cells), true) = (self.tables.last_mut(), is_outer) else {
            self.space();
            return;
        };
        *cells += 1;
        if *cells > 1 {
            self.tabs = (self.tabs + 1).min(COLUMNS);
            // The lines of the cell before end with it; that of the row stays.
            self.gap = if self.fresh { self.gap } else { Gap::None };
        }
    }

    /// So many empty cells.
    pub(super) fn skip_cells(&mut self, count: usize) {
        if count > 0 {
            self.begin_cell();
        }
        let is_outer = self.tables.len() < 2 || self.layout;
        if let (Some(cells), true) = (self.tables.last_mut(), is_outer) {
            let more = count.min(COLUMNS).saturating_sub(1);
            *cells += more;
            self.tabs = (self.tabs + more).min(COLUMNS);
        }
    }

    fn widen(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn close_gap(&mut self) {
        if self.out.len() > 0 {
            match self.gap {
                Gap::None => {}
                // A tab parts words already.
                Gap::Space if self.tabs > 0 => {}
                Gap::Space => self.out.push(" "),
                Gap::Line => self.out.push("\n"),
                Gap::Blank => self.out.push("\n\n"),
            }
        }
        self.gap = Gap::None;
        self.fresh = false;
        for _ in 0..std::mem::take(&mut self.tabs) {
            self.out.push("\t");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Flow<'_>)) -> String {
        let mut out = Output::new();
        write(&mut Flow::new(&mut out));
        out.finish().text
    }

    #[test]
    fn rows_are_lines_and_cells_have_tabs_between_them() {
        let text = written(|flow| {
            flow.text("before");
            flow.begin_table();
            for row in [["a", "b\nc", ""], ["", "", "d"], ["", "", ""], ["e", "", "f"]] {
                flow.begin_row();
                for cell in row {
                    flow.begin_cell();
                    flow.text(cell);
                    flow.line();
                }
            }
            flow.end_table();
            flow.text("after");
        });
        assert_eq!(text, "before\na\tb c\n\t\td\ne\t\tf\nafter");
    }

    #[test]
    fn a_table_in_a_cell_stays_in_its_row() {
        let text = written(|flow| {
            flow.begin_table();
            flow.begin_row();
            flow.begin_cell();
            flow.text("x");
            flow.begin_cell();
            flow.begin_table();
            for word in ["a", "b"] {
                flow.begin_row();
                flow.begin_cell();
                flow.text(word);
            }
            flow.end_table();
            flow.begin_cell();
            flow.text("y");
            flow.end_table();
        });
        assert_eq!(text, "x\ta b\ty");
    }
}
