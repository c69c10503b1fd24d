//! Where in a picture there is anything at all: what is of one colour holds no text, and is not looked at.

use image::RgbImage;

/// Pixels of one colour differ by less than this: what a JPEG adds, and slow gradients.
const PLAIN: u8 = 12;

/// A rectangle of cells: from, to (without), on each axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cells {
    pub x: [usize; 2],
    pub y: [usize; 2],
}

impl Cells {
    /// What it costs to look at it, with so many cells around it.
    fn cost(&self, margin: usize) -> usize {
        (self.x[1] - self.x[0] + 2 * margin) * (self.y[1] - self.y[0] + 2 * margin)
    }

    /// Both sides of a gap in its columns, or in its rows.
    fn without(&self, [from, to]: [usize; 2], in_columns: bool) -> [Self; 2] {
        if in_columns {
            [Self { x: [self.x[0], from], ..*self }, Self { x: [to, self.x[1]], ..*self }]
        } else {
            [Self { y: [self.y[0], from], ..*self }, Self { y: [to, self.y[1]], ..*self }]
        }
    }
}

/// A picture in square cells, and which of them are of more than one colour.
pub(super) struct Ink {
    columns: usize,
    rows: usize,
    /// How many such cells are above and left of a corner, corner by corner.
    sums: Vec<u32>,
}

impl Ink {
    /// In cells of `side` pixels; those at the right and at the bottom may be smaller.
    pub fn of(image: &RgbImage, side: usize) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
        let mut ink = Self { columns, rows, sums: vec![0; (columns + 1) * (rows + 1)] };
        let line = 3 * width;
        for row in 0..rows {
            // One pixel more on each axis: an edge may run between two cells.
            let pixels =
                &image.as_raw()[row * side * line..(height.min((row + 1) * side + 1)) * line];
            let mut in_row = 0;
            for column in 0..columns {
                let part = 3 * column * side..3 * width.min((column + 1) * side + 1);
                in_row += u32::from(is_inked(pixels.chunks_exact(line).map(|l| &l[part.clone()])));
                let at = (row + 1) * (columns + 1) + column + 1;
                ink.sums[at] = ink.sums[at - columns - 1] + in_row;
            }
        }
        ink
    }

    /// Rectangles that hold all ink; no ink is in two. There are as many as make looking at them, with a
    /// margin of so many cells, cost least.
    pub fn cover(&self, margin: usize) -> Vec<Cells> {
        let all = Cells { x: [0, self.columns], y: [0, self.rows] };
        let (mut open, mut done) = (Vec::from_iter(self.trimmed(all)), Vec::new());
        while let Some(cells) = open.pop() {
            match self.best_cut(cells, margin) {
                Some(halves) => open.extend(halves),
                None => done.push(cells),
            }
        }
        done
    }

    /// Without empty columns and rows at its edges; none where there is no ink.
    pub fn trimmed(&self, cells: Cells) -> Option<Cells> {
        let Cells { x, y } = cells;
        let is_used = |column: &usize| self.count(Cells { x: [*column, column + 1], y }) > 0;
        let x = [(x[0]..x[1]).find(is_used)?, (x[0]..x[1]).rfind(is_used)? + 1];
        let is_used = |row: &usize| self.count(Cells { x, y: [*row, row + 1] }) > 0;
        Some(Cells { x, y: [(y[0]..y[1]).find(is_used)?, (y[0]..y[1]).rfind(is_used)? + 1] })
    }

    /// The two parts that are cheapest to look at, when that is cheaper than to look at the whole.
    fn best_cut(&self, cells: Cells, margin: usize) -> Option<[Cells; 2]> {
        let columns = gaps(cells.x, |at| self.count(Cells { x: [at, at + 1], ..cells }) == 0);
        let rows = gaps(cells.y, |at| self.count(Cells { y: [at, at + 1], ..cells }) == 0);
        let cuts = columns.into_iter().map(|gap| (gap, true));
        let cuts = cuts.chain(rows.into_iter().map(|gap| (gap, false)));
        cuts.filter_map(|(gap, in_columns)| {
            let [one, other] = cells.without(gap, in_columns);
            Some([self.trimmed(one)?, self.trimmed(other)?])
        })
        .map(|halves| (halves[0].cost(margin) + halves[1].cost(margin), halves))
        .min_by_key(|(cost, _)| *cost)
        .filter(|(cost, _)| *cost < cells.cost(margin))
        .map(|(_, halves)| halves)
    }

    fn count(&self, Cells { x, y }: Cells) -> u32 {
        let sum = |column: usize, row: usize| self.sums[row * (self.columns + 1) + column];
        sum(x[1], y[1]) + sum(x[0], y[0]) - sum(x[0], y[1]) - sum(x[1], y[0])
    }
}

/// Whether the lines of pixels are of more than one colour.
fn is_inked<'a>(lines: impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut least, mut most) = ([u8::MAX; 3], [0; 3]);
    for pixel in lines.flat_map(|line| line.chunks_exact(3)) {
        for channel in 0..3 {
            least[channel] = least[channel].min(pixel[channel]);
            most[channel] = most[channel].max(pixel[channel]);
        }
    }
    (0..3).any(|channel| most[channel].saturating_sub(least[channel]) >= PLAIN)
}

/// The longest stretches of places that are empty.
fn gaps([from, to]: [usize; 2], is_empty: impl Fn(usize) -> bool) -> Vec<[usize; 2]> {
    let mut gaps: Vec<[usize; 2]> = Vec::new();
    for at in (from..to).filter(|&at| is_empty(at)) {
        match gaps.last_mut() {
            Some(gap) if gap[1] == at => gap[1] = at + 1,
            _ => gaps.push([at, at + 1]),
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn drawn(marks: &[[u32; 2]]) -> Ink {
        let mut image = RgbImage::from_pixel(400, 300, Rgb([30, 30, 30]));
        for &[x, y] in marks {
            image.put_pixel(x, y, Rgb([30, 50, 30]));
        }
        Ink::of(&image, 16)
    }

    #[test]
    fn what_is_of_one_colour_is_not_covered() {
        assert!(drawn(&[]).cover(2).is_empty());
        let gradient = RgbImage::from_fn(400, 300, |x, _| Rgb([u8::try_from(x / 2).unwrap(); 3]));
        assert!(Ink::of(&gradient, 16).cover(2).is_empty());
    }

    #[test]
    fn far_marks_are_covered_apart_and_near_ones_together() {
        let corners = drawn(&[[8, 8], [398, 298]]).cover(2);
        assert_eq!(corners, [Cells { x: [24, 25], y: [18, 19] }, Cells { x: [0, 1], y: [0, 1] }]);
        let near = drawn(&[[8, 8], [40, 8]]).cover(2);
        assert_eq!(near, [Cells { x: [0, 3], y: [0, 1] }]);
    }

    #[test]
    fn an_edge_between_two_cells_is_seen() {
        let halves = RgbImage::from_fn(64, 64, |x, _| Rgb([if x < 32 { 0 } else { 255 }; 3]));
        assert_eq!(Ink::of(&halves, 16).cover(0), [Cells { x: [1, 2], y: [0, 4] }]);
    }
}
