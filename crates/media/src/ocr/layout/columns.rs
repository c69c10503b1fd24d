//! Pages of several columns of running text: a magazine, a paper, a leaflet. Lines are joined to columns
//! from the bottom up, because headings over two columns and pictures between them leave no straight gap,
//! and the blocks are ordered by the rules of Breuel ("High Performance Document Layout Analysis", 2003).

use super::{Piece, is_filled, share_a_row};

/// A line belongs to the column above it when no more than this many heights are between them.
const LEADING: f32 = 1.2;
/// Lines begin at the same place, or one is indented by this many heights at the most.
const INDENT: f32 = 3.0;
/// The lines of a column differ in height by this factor at the most.
const SAME_SIZE: f32 = 1.6;
/// What stands in no column belongs together when so many heights are between its words.
const NEAR: f32 = 3.0;
/// With more blocks than this a page is no page, and they are read from top to bottom.
const MOST_BLOCKS: usize = 300;

/// The blocks of a page in reading order; all in one where there are not several columns of text.
pub(super) fn blocks(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let columns = columns_of(&pieces);
    if columns.len() < 2 {
        return vec![pieces];
    }
    let mut at: Vec<Option<usize>> = vec![None; pieces.len()];
    for (n, column) in columns.iter().enumerate() {
        for &line in column {
            at[line] = Some(n);
        }
    }
    let mut blocks: Vec<Vec<Piece>> = columns.iter().map(|_| Vec::new()).collect();
    let mut others = Vec::new();
    for (piece, column) in pieces.into_iter().zip(at) {
        match column {
            Some(n) => blocks[n].push(piece),
            None => others.push(piece),
        }
    }
    let blocks = blocks.into_iter().map(|pieces| Block::new(pieces, true));
    let others = clusters(others).into_iter().map(|pieces| Block::new(pieces, false));
    in_order(blocks.chain(others).collect())
}

/// The columns of running text, each as the places of its lines from top to bottom.
fn columns_of(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let mut down: Vec<usize> = (0..pieces.len()).collect();
    down.sort_by(|&a, &b| pieces[a].middle().total_cmp(&pieces[b].middle()));
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for line in down {
        let nearest = chains
            .iter_mut()
            .filter(|chain| follows(pieces, chain[chain.len() - 1], line))
            .max_by(|a, b| {
                let bottom = |chain: &Vec<usize>| pieces[chain[chain.len() - 1]].y[1];
                bottom(a).total_cmp(&bottom(b))
            });
        match nearest {
            Some(chain) => chain.push(line),
            None => chains.push(vec![line]),
        }
    }
    chains.retain(|chain| {
        // A quarter may be ends of paragraphs, and more than a half stand beside a picture.
        let mut widths: Vec<f32> = chain.iter().map(|&line| pieces[line].width()).collect();
        widths.sort_by(f32::total_cmp);
        let width = widths[widths.len() / 4];
        is_filled(chain.iter().map(|&line| &pieces[line]), width)
    });
    without_cells(pieces, chains)
}

/// Without what has something else than a column of text beside most of its lines: such is a table, or
/// code with its numbers.
fn without_cells(pieces: &[Piece], chains: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut in_text = vec![false; pieces.len()];
    for &line in chains.iter().flatten() {
        in_text[line] = true;
    }
    let has_cell = |&&line: &&usize| {
        let beside = |(other, piece): (usize, &Piece)| {
            other != line && !in_text[other] && share_a_row(piece, &pieces[line])
        };
        pieces.iter().enumerate().any(beside)
    };
    chains
        .into_iter()
        .filter(|chain| chain.iter().filter(has_cell).count() * 2 < chain.len())
        .collect()
}

/// Whether a line continues the column that ends with the upper one.
fn follows(pieces: &[Piece], upper: usize, lower: usize) -> bool {
    let (a, b) = (&pieces[upper], &pieces[lower]);
    let (low, high) = (a.height().min(b.height()), a.height().max(b.height()));
    let gap = b.y[0] - a.y[1];
    let is_next =
        high <= SAME_SIZE * low && !share_a_row(a, b) && (-low..LEADING * low).contains(&gap);
    let is_aligned = (a.x[0] - b.x[0]).abs() <= INDENT * high || (a.x[1] - b.x[1]).abs() <= high;
    if !(is_next && is_aligned && shared(a.x, b.x) > 0.0) {
        return false;
    }
    // Where a second line stands below the upper one, columns begin.
    !pieces
        .iter()
        .enumerate()
        .any(|(n, other)| n != lower && share_a_row(other, b) && shared(other.x, a.x) > high)
}

/// What stands near one another, put together.
fn clusters(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let near = |a: &Piece, b: &Piece| {
        let height = a.height().max(b.height());
        (shared(a.y, b.y) > 0.0 && -shared(a.x, b.x) < NEAR * height)
            || (shared(a.x, b.x) > 0.0 && -shared(a.y, b.y) < height)
    };
    let mut clusters: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let (near, mut rest): (Vec<_>, Vec<_>) = std::mem::take(&mut clusters)
            .into_iter()
            .partition(|cluster: &Vec<Piece>| cluster.iter().any(|other| near(other, &piece)));
        let mut joined: Vec<Piece> = near.into_iter().flatten().collect();
        joined.push(piece);
        rest.push(joined);
        clusters = rest;
    }
    clusters
}

/// The blocks in an order in which each comes after all that are read before it.
fn in_order(mut blocks: Vec<Block>) -> Vec<Vec<Piece>> {
    blocks.sort_by(|a, b| a.y[0].total_cmp(&b.y[0]));
    let all = || 0..blocks.len();
    let mut waits_for: Vec<Vec<usize>> = if blocks.len() > MOST_BLOCKS {
        vec![Vec::new(); blocks.len()]
    } else {
        all().map(|b| all().filter(|&a| comes_before(&blocks, a, b)).collect()).collect()
    };
    let mut left: Vec<usize> = all().collect();
    let mut ordered = Vec::with_capacity(blocks.len());
    while !left.is_empty() {
        // The rules may contradict one another; then the uppermost is next.
        let next = left.iter().position(|&n| waits_for[n].is_empty()).unwrap_or(0);
        let n = left.remove(next);
        ordered.push(std::mem::take(&mut blocks[n].pieces));
        for waiting in &mut waits_for {
            waiting.retain(|&other| other != n);
        }
    }
    ordered
}

/// What is read without a break, and from where to where it goes.
struct Block {
    pieces: Vec<Piece>,
    is_column: bool,
    x: [f32; 2],
    y: [f32; 2],
}

impl Block {
    fn new(pieces: Vec<Piece>, is_column: bool) -> Self {
        let around = |of: fn(&Piece) -> [f32; 2]| {
            pieces
                .iter()
                .map(of)
                .fold([f32::MAX, f32::MIN], |[from, to], [a, b]| [from.min(a), to.max(b)])
        };
        let (x, y) = (around(|piece| piece.x), around(|piece| piece.y));
        Self { pieces, is_column, x, y }
    }
}

/// A block is read before what is below it, and a column before the one right of it unless a third block
/// that reaches over both parts them.
fn comes_before(blocks: &[Block], a: usize, b: usize) -> bool {
    let (one, other) = (&blocks[a], &blocks[b]);
    let narrower = (one.x[1] - one.x[0]).min(other.x[1] - other.x[0]);
    if a == b {
        return false;
    }
    if shared(one.x, other.x) > 0.1 * narrower {
        return one.y[0] < other.y[0];
    }
    let are_level = shared(one.y, other.y) > 0.0;
    let are_columns = one.is_column && other.is_column;
    if !(are_level || are_columns) {
        return one.y[0] < other.y[0];
    }
    let between = [one.y[1].min(other.y[1]), one.y[0].max(other.y[0])];
    let parts = |(n, third): (usize, &Block)| {
        let middle = f32::midpoint(third.y[0], third.y[1]);
        n != a
            && n != b
            && shared(third.x, one.x) > 0.0
            && shared(third.x, other.x) > 0.0
            && (between[0]..between[1]).contains(&middle)
    };
    one.x[0] < other.x[0] && !blocks.iter().enumerate().any(parts)
}

/// How long two stretches run beside one another; negative where they are apart.
fn shared(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[1].min(b[1]) - a[0].max(b[0])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{piece, read};

    const LINE: &str = "words and words and words fill";

    fn ends(found: &[String]) -> Vec<&str> {
        found.iter().map(|line| line.rsplit(' ').next().unwrap_or_default()).collect()
    }

    #[test]
    fn columns_that_stand_askew_above_one_heading_are_read_one_after_the_other() {
        let mut pieces = vec![piece(20.0, 140.0, 30.0, "A heading below both")];
        for i in 0..6u8 {
            let y = f32::from(i) * 20.0;
            pieces.push(piece(195.0, y + 2.0, 12.0, &format!("{LINE} R{i}")));
            pieces.push(piece(0.0, y, 12.0, &format!("{LINE} L{i}")));
        }
        let expected =
            ["L0", "L1", "L2", "L3", "L4", "L5", "R0", "R1", "R2", "R3", "R4", "R5", "both"];
        assert_eq!(ends(&read(pieces)), expected);
    }

    #[test]
    fn columns_run_around_a_picture() {
        let mut pieces = vec![];
        for i in 0..8u8 {
            let y = f32::from(i) * 20.0;
            // Four lines of each column leave room in the middle, with a caption in it.
            let text = if (2..6).contains(&i) { LINE.to_owned() } else { format!("{LINE} {LINE}") };
            let width = (text.len() + 3) as f32 * 6.0;
            pieces.push(piece(0.0, y, 12.0, &format!("{text} L{i}")));
            pieces.push(piece(900.0 - width, y, 12.0, &format!("{text} R{i}")));
        }
        for (n, line) in ["The roofs", "of the town"].into_iter().enumerate() {
            pieces.push(piece(400.0, 65.0 + n as f32 * 17.0, 10.0, line));
        }
        let found = read(pieces);
        let found = ends(&found);
        assert_eq!(found[..8], ["L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7"], "{found:?}");
        let right: Vec<_> = found.iter().filter(|line| line.starts_with('R')).collect();
        assert_eq!(right, [&"R0", &"R1", &"R2", &"R3", &"R4", &"R5", &"R6", &"R7"], "{found:?}");
    }

    #[test]
    fn long_cells_beside_short_ones_stay_in_their_rows() {
        let mut pieces = vec![];
        for i in 0..5u8 {
            let y = f32::from(i) * 20.0;
            pieces.push(piece(0.0, y, 12.0, &format!("12:0{i}")));
            pieces.push(piece(100.0, y, 12.0, &format!("{LINE} A{i}")));
            pieces.push(piece(400.0, y, 12.0, &format!("{LINE} B{i}")));
        }
        let found = read(pieces);
        assert_eq!(found[0], format!("12:00 {LINE} A0 {LINE} B0"));
        assert_eq!(found.len(), 5);
    }
}
