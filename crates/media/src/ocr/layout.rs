//! The order in which the pieces of text in a picture are read: rows from left to right, and columns one
//! after the other where they do not belong together (the recursive X-Y cut of Nagy and Seth,
//! "Hierarchical Representation of Optically Scanned Documents", ICPR 1984, with the rules below for
//! where to cut). A page of several columns of running text, which no straight cut need part, is put in
//! order by `columns`.

mod columns;

use super::{reader::Reading, region::Region};

/// A column's gap is at least this many times as wide as its lines are high.
const GUTTER: f32 = 1.0;
/// Blocks are parted by at least this many times the height of a line.
const BAND: f32 = 0.9;
/// Of the lines in two columns of one table, so many have a partner at the same height.
const PARTNERED: f32 = 0.6;
/// The lines of running text fill this part of their column.
const FILLED: f32 = 0.65;
/// Columns of running text have at least so many lines.
const PROSE_LINES: usize = 4;
/// And at least so many characters a line.
const PROSE_LENGTH: usize = 24;
/// In a panel the large text is this many times as high as the small one.
const CONTRAST: f32 = 1.45;
/// The depth of the cuts.
const DEEPEST: usize = 64;

/// Pieces from left to right, and whether they begin a block.
pub(super) type Row = (Vec<(Region, Reading)>, bool);

/// A piece of text and where it stands after the picture's slant is taken out.
struct Piece {
    content: (Region, Reading),
    x: [f32; 2],
    y: [f32; 2],
}

impl Piece {
    fn height(&self) -> f32 {
        self.y[1] - self.y[0]
    }

    fn width(&self) -> f32 {
        self.x[1] - self.x[0]
    }

    fn middle(&self) -> f32 {
        f32::midpoint(self.y[0], self.y[1])
    }

    fn is_long(&self, column: f32) -> bool {
        self.width() >= FILLED * column && self.content.1.0.len() >= PROSE_LENGTH
    }
}

/// The pieces row by row in reading order, and whether each row begins a block.
pub(super) fn in_reading_order(pieces: Vec<(Region, Reading)>) -> Vec<Row> {
    let slant = slant(&pieces);
    let pieces = pieces
        .into_iter()
        .map(|content| {
            let region = content.0;
            let [cx, cy] = region.center;
            let (x, y) = (cx * slant[0] + cy * slant[1], cy * slant[0] - cx * slant[1]);
            // How large it is along the axes of the page.
            let (cos, sin) = (
                (region.along[0] * slant[0] + region.along[1] * slant[1]).abs(),
                (region.along[1] * slant[0] - region.along[0] * slant[1]).abs(),
            );
            let half = |a: f32, b: f32| f32::midpoint(a * region.width, b * region.height);
            let (w, h) = if sin < 0.3 {
                (region.width / 2.0, region.height / 2.0)
            } else {
                (half(cos, sin), half(sin, cos))
            };
            Piece { content, x: [x - w, x + w], y: [y - h, y + h] }
        })
        .collect();
    let mut rows = Vec::new();
    for block in columns::blocks(pieces) {
        cut(block, DEEPEST, &mut rows);
    }
    rows
}

/// The direction of most of the text: the median over its length.
fn slant(pieces: &[(Region, Reading)]) -> [f32; 2] {
    let mut angles: Vec<(f32, f32)> = pieces
        .iter()
        .map(|(region, _)| (region.along[1].atan2(region.along[0]), region.width))
        .filter(|(angle, _)| angle.abs() < 0.6)
        .collect();
    angles.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = angles.iter().map(|(_, width)| width).sum::<f32>() / 2.0;
    let mut sum = 0.0;
    let angle = angles.iter().find(|(_, width)| {
        sum += width;
        sum >= half
    });
    let angle = angle.map_or(0.0, |(angle, _)| *angle);
    [angle.cos(), angle.sin()]
}

fn cut(mut pieces: Vec<Piece>, depth: usize, out: &mut Vec<Row>) {
    if depth > 0 && pieces.len() > 1 {
        if let Some(at) = gutter(&mut pieces) {
            let right = pieces.split_off(at);
            cut(pieces, depth - 1, out);
            return cut(right, depth - 1, out);
        }
        if let Some(at) = band(&mut pieces) {
            let below = pieces.split_off(at);
            cut(pieces, depth - 1, out);
            return cut(below, depth - 1, out);
        }
    }
    let mut begins_block = !out.is_empty();
    for row in rows(pieces) {
        out.push((row.into_iter().map(|piece| piece.content).collect(), begins_block));
        begins_block = false;
    }
}

/// Sorts by the left edge and gives the place of the widest gutter between columns that are read one after
/// the other.
fn gutter(pieces: &mut [Piece]) -> Option<usize> {
    pieces.sort_by(|a, b| a.x[0].total_cmp(&b.x[0]));
    let height = median(pieces.iter().map(Piece::height));
    let mut gaps = gaps(pieces, |piece| piece.x);
    gaps.retain(|(_, gap)| *gap >= GUTTER * height);
    gaps.sort_by(|a, b| b.1.total_cmp(&a.1));
    gaps.into_iter().map(|(at, _)| at).find(|&at| {
        let (left, right) = pieces.split_at(at);
        are_apart(left, right)
    })
}

/// Whether two columns are read one after the other, and not row by row as a table or a form.
fn are_apart(left: &[Piece], right: &[Piece]) -> bool {
    let (few, many) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let partnered = few.iter().filter(|a| many.iter().any(|b| share_a_row(a, b))).count();
    if few.len() >= 2 && (partnered as f32) < PARTNERED * few.len() as f32 {
        return true;
    }
    [left, right].into_iter().all(is_prose) || [left, right].into_iter().all(is_panel)
}

fn is_prose(column: &[Piece]) -> bool {
    is_filled(column.iter(), extent(column, |piece| piece.x))
}

/// Whether a column has as many lines as running text, and most of them as long.
fn is_filled<'a>(column: impl ExactSizeIterator<Item = &'a Piece>, width: f32) -> bool {
    let lines = column.len();
    let long = column.filter(|piece| piece.is_long(width)).count();
    lines >= PROSE_LINES && long * 3 >= lines * 2
}

/// A panel of a dashboard: a large figure with its small label.
fn is_panel(column: &[Piece]) -> bool {
    let heights = column.iter().map(|piece| piece.content.0.height);
    let (least, most) = (heights.clone().fold(f32::MAX, f32::min), heights.fold(0.0, f32::max));
    (2..=6).contains(&column.len()) && most >= CONTRAST * least
}

/// Sorts by the upper edge and gives the place of the widest empty band, if it parts blocks.
fn band(pieces: &mut [Piece]) -> Option<usize> {
    pieces.sort_by(|a, b| a.y[0].total_cmp(&b.y[0]));
    let height = median(pieces.iter().map(Piece::height));
    let widest = gaps(pieces, |piece| piece.y).into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    widest.filter(|(_, gap)| *gap >= BAND * height).map(|(at, _)| at)
}

/// The gaps between pieces sorted by their beginning on one axis: the place of the first piece behind
/// each, and how wide it is.
fn gaps(pieces: &[Piece], of: fn(&Piece) -> [f32; 2]) -> Vec<(usize, f32)> {
    let mut end = f32::INFINITY;
    let mut gaps = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let [from, to] = of(piece);
        if from > end {
            gaps.push((i, from - end));
        }
        end = if end.is_finite() { end.max(to) } else { to };
    }
    gaps
}

fn rows(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let fits = |row: &&mut Vec<Piece>| {
            row.iter().any(|other| share_a_row(other, &piece))
                && row.iter().all(|other| !overlap(other, &piece))
        };
        match rows.last_mut().filter(fits) {
            Some(row) => row.push(piece),
            None => rows.push(vec![piece]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.x[0].total_cmp(&b.x[0]));
    }
    rows
}

fn share_a_row(a: &Piece, b: &Piece) -> bool {
    (a.middle() - b.middle()).abs() < 0.4 * a.height().min(b.height())
}

/// Whether most of the shorter one is above or below the other.
fn overlap(a: &Piece, b: &Piece) -> bool {
    let shared = a.x[1].min(b.x[1]) - a.x[0].max(b.x[0]);
    shared > 0.5 * a.width().min(b.width())
}

fn extent(pieces: &[Piece], of: fn(&Piece) -> [f32; 2]) -> f32 {
    let from = pieces.iter().map(|piece| of(piece)[0]).fold(f32::MAX, f32::min);
    pieces.iter().map(|piece| of(piece)[1]).fold(f32::MIN, f32::max) - from
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::ctc::Glyph, *};

    /// A piece whose upper left corner is at (x, y), with letters as wide as half their height.
    pub(super) fn piece(x: f32, y: f32, height: f32, text: &str) -> (Region, Reading) {
        let width = text.chars().count() as f32 * height / 2.0;
        let glyph = |character| Glyph { character, at: 0.5, confidence: 1.0 };
        let region = Region::new([x + width / 2.0, y + height / 2.0], [1.0, 0.0], width, height);
        (region, Reading(text.chars().map(glyph).collect()))
    }

    pub(super) fn read(pieces: Vec<(Region, Reading)>) -> Vec<String> {
        let text = |(_, reading): &(Region, Reading)| {
            reading.0.iter().map(|g| g.character).collect::<String>()
        };
        in_reading_order(pieces)
            .iter()
            .map(|(row, _)| row.iter().map(text).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn tables_are_read_row_by_row() {
        let cells = ["ID", "Name", "Total", "1", "Acme", "10", "2", "Initech", "200"];
        let pieces = (0..9u8).rev().map(|i| {
            piece(f32::from(i % 3) * 200.0, f32::from(i / 3) * 25.0, 12.0, cells[usize::from(i)])
        });
        assert_eq!(read(pieces.collect()), ["ID Name Total", "1 Acme 10", "2 Initech 200"]);
    }

    #[test]
    fn columns_of_running_text_are_read_one_after_the_other() {
        let line = "words and words and words fill";
        let mut pieces = vec![piece(200.0, 0.0, 20.0, "A heading over both")];
        for i in 0..5u8 {
            pieces.push(piece(300.0, 60.0 + f32::from(i) * 16.0, 12.0, &format!("{line} R{i}")));
            pieces.push(piece(0.0, 60.0 + f32::from(i) * 16.0, 12.0, &format!("{line} L{i}")));
        }
        let found = read(pieces);
        let ends: Vec<&str> = found.iter().map(|line| &line[line.len() - 2..]).collect();
        assert_eq!(ends, ["th", "L0", "L1", "L2", "L3", "L4", "R0", "R1", "R2", "R3", "R4"]);
    }

    #[test]
    fn panels_are_read_one_by_one() {
        let mut pieces = Vec::new();
        for (i, (label, figure)) in
            [("Open", "42"), ("Closed", "1,240"), ("Late", "7")].into_iter().enumerate()
        {
            pieces.push(piece(i as f32 * 300.0, 0.0, 12.0, label));
            pieces.push(piece(i as f32 * 300.0, 20.0, 30.0, figure));
        }
        assert_eq!(read(pieces), ["Open", "42", "Closed", "1,240", "Late", "7"]);
    }

    #[test]
    fn a_side_bar_is_not_mixed_with_what_is_beside_it() {
        let mut pieces = Vec::new();
        for i in 0..4u8 {
            pieces.push(piece(0.0, f32::from(i) * 40.0, 12.0, &format!("menu {i}")));
        }
        for i in 0..6u8 {
            pieces.push(piece(200.0, 15.0 + f32::from(i) * 23.0, 12.0, &format!("message {i}")));
        }
        let found = read(pieces);
        assert_eq!(found[..4], ["menu 0", "menu 1", "menu 2", "menu 3"]);
        assert_eq!(found.len(), 10);
    }

    #[test]
    fn a_slanted_page_is_read_as_a_straight_one() {
        let (sin, cos) = 0.08f32.sin_cos();
        let turned = |(region, reading): (Region, Reading)| {
            let [x, y] = region.center;
            let center = [x * cos - y * sin, x * sin + y * cos];
            (Region { center, along: [cos, sin], ..region }, reading)
        };
        let pieces = (0..6u8).map(|i| {
            turned(piece(
                f32::from(i % 2) * 500.0,
                f32::from(i / 2) * 16.0,
                12.0,
                &format!("cell{i}"),
            ))
        });
        assert_eq!(read(pieces.collect()), ["cell0 cell1", "cell2 cell3", "cell4 cell5"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_doubled(
            places in prop::collection::vec((0.0f32..1e3, 0.0f32..1e3, 4.0f32..60.0, 1usize..30), 0..60)
        ) {
            let n: usize = places.iter().map(|place| place.3).sum();
            let pieces = places.iter().map(|&(x, y, h, n)| piece(x, y, h, &"x".repeat(n))).collect();
            let found: usize = in_reading_order(pieces).iter().flat_map(|(row, _)| row).map(|p| p.1.0.len()).sum();
            prop_assert_eq!(n, found);
        }
    }
}
