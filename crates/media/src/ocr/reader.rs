//! Reads lines whose places are known.

use std::{path::Path, sync::Arc};

use image::RgbImage;
use rten::ThreadPool;
use rten_tensor::{NdTensor, prelude::*};

use super::{
    crew::Crew,
    ctc::{Charset, Glyph},
    network::{Network, failed},
    region::Region,
    sampling::{Grid, sample, whole},
};
use crate::reader::ReadError;

/// The height of a line that the model reads.
const HEIGHT: usize = 48;
/// Lines are narrowed to this: a fifth less to compute. The model learnt from long lines that were pressed into a short
/// picture, and reads such ones no worse (`docs/benchmarks.md`, pictures).
const NARROWED: f32 = 0.8;
/// The model's widths are multiples of this; fewer widths are fewer kinds of batches.
const STEP: usize = 32;
/// The widest piece of a line that is read at once: it bounds the memory of a run.
const MOST_WIDTH: usize = 960;
/// How far from its equal share a piece may end, to end between two words.
const SLACK: usize = 200;
/// Columns of a gap between words at least.
const SPACE: usize = 7;
/// A line has at most so many pieces.
const MOST_PIECES: usize = 64;
/// A batch is at most this wide, all its lines together: it bounds the memory.
const BATCH_WIDTH: usize = 1_600;

/// What was read in a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading(pub Vec<Glyph>);

impl Reading {
    /// The mean over its characters; 0 when there are none.
    pub fn confidence(&self) -> f32 {
        let sum: f32 = self.0.iter().map(|glyph| glyph.confidence).sum();
        if self.0.is_empty() { 0.0 } else { sum / self.0.len() as f32 }
    }
}

/// The model that reads a line.
pub(super) struct LineReader {
    network: Network,
    charset: Charset,
}

/// Lines that are read together: their places in the list of regions, and the width of the widest.
struct Batch {
    lines: Vec<usize>,
    width: usize,
}

impl LineReader {
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        let network = Network::load(path)?;
        let list =
            network.metadata("character").ok_or_else(|| failed("it has no list of characters"))?;
        let charset = Charset::parse(list);
        Ok(Self { network, charset })
    }

    /// Reads every region; the readings are in the order of the regions.
    pub fn read(
        &self,
        image: &RgbImage,
        regions: &[Region],
        crew: &Crew,
    ) -> Result<Vec<Reading>, ReadError> {
        let pieces: Vec<Piece> = regions
            .iter()
            .enumerate()
            .flat_map(|(line, region)| pieces(image, line, region))
            .collect();
        let parts: Vec<Region> =
            pieces.iter().map(|piece| regions[piece.line].part(piece.from, piece.to)).collect();
        let batches = batches(&parts);
        let read = crew.run(&batches, |batch, pool| self.read_batch(image, &parts, batch, pool))?;
        let mut found = vec![Vec::new(); parts.len()];
        for (batch, readings) in batches.iter().zip(read) {
            for (&i, Reading(glyphs)) in batch.lines.iter().zip(readings) {
                found[i] = glyphs;
            }
        }
        let mut readings = vec![Reading(Vec::new()); regions.len()];
        for (piece, glyphs) in pieces.iter().zip(found) {
            piece.add(glyphs, &mut readings[piece.line].0);
        }
        Ok(readings)
    }

    fn read_batch(
        &self,
        image: &RgbImage,
        regions: &[Region],
        batch: &Batch,
        pool: &Arc<ThreadPool>,
    ) -> Result<Vec<Reading>, ReadError> {
        let Batch { lines, width } = batch;
        let plane = 3 * HEIGHT * width;
        let mut planes = vec![0.0; lines.len() * plane];
        for (&i, planes) in lines.iter().zip(planes.chunks_mut(plane)) {
            fill(image, &regions[i], [line_width(&regions[i]), HEIGHT], *width, planes);
        }
        let input = NdTensor::from_data([lines.len(), 3, HEIGHT, *width], planes);
        let output = self.network.run(input, pool)?;
        let &[n, steps, classes] = output.shape() else {
            return Err(failed("it read something else"));
        };
        if n != lines.len() || classes != self.charset.classes() || steps == 0 {
            return Err(failed("it does not fit its list of characters"));
        }
        let output = output.to_contiguous();
        let probabilities = output.data();
        Ok(lines
            .iter()
            .zip(probabilities.chunks(steps * classes))
            .map(|(&i, rows)| {
                let used = line_width(&regions[i]) as f32 / *width as f32;
                Reading(self.charset.decode(rows, used))
            })
            .collect())
    }
}

/// A piece of a line: from and to, 0 at the beginning of the line and 1 at its end.
struct Piece {
    line: usize,
    from: f32,
    to: f32,
    /// Whether a gap between words is before it.
    after_space: bool,
}

impl Piece {
    /// Adds what was read in this piece to what was read in the line before it.
    fn add(&self, glyphs: Vec<Glyph>, line: &mut Vec<Glyph>) {
        if self.after_space && !line.is_empty() {
            line.push(Glyph { character: ' ', at: self.from, confidence: 1.0 });
        }
        let place = |at: f32| self.from + at * (self.to - self.from);
        line.extend(glyphs.into_iter().map(|glyph| Glyph { at: place(glyph.at), ..glyph }));
    }
}

/// A long line in pieces that end between words, where there are gaps.
fn pieces(image: &RgbImage, line: usize, region: &Region) -> Vec<Piece> {
    let width = whole(model_width(region));
    if width <= MOST_WIDTH || width > (MOST_WIDTH - SLACK) * MOST_PIECES {
        return vec![Piece { line, from: 0.0, to: 1.0, after_space: false }];
    }
    let n = width.div_ceil(MOST_WIDTH - SLACK);
    let mut planes = vec![0.0; 3 * HEIGHT * width];
    fill(image, region, [width, HEIGHT], width, &mut planes);
    let ink: Vec<f32> = (0..width).map(|column| contrast(&planes, column, width)).collect();
    let mut from = (0.0, false);
    let mut pieces = Vec::with_capacity(n);
    for i in 1..=n {
        let (share, half) = (width * i / n, SLACK / 2);
        let (cut, space) =
            if i == n { (width, false) } else { quiet(&ink, share - half, share + half) };
        let to = cut as f32 / width as f32;
        pieces.push(Piece { line, from: from.0, to, after_space: from.1 });
        from = (to, space);
    }
    pieces
}

/// The difference between the lightest and the darkest green of a column.
fn contrast(planes: &[f32], column: usize, width: usize) -> f32 {
    let rows = planes[HEIGHT * width..2 * HEIGHT * width].iter().skip(column).step_by(width);
    let (least, most) =
        rows.fold((1.0f32, -1.0f32), |(least, most), &p| (least.min(p), most.max(p)));
    most - least
}

/// The middle of the widest gap in a part of a line, and whether it is a gap between words.
fn quiet(ink: &[f32], from: usize, to: usize) -> (usize, bool) {
    let values = &ink[from..to.min(ink.len())];
    let (least, most) =
        values.iter().fold((2.0f32, 0.0f32), |(least, most), &p| (least.min(p), most.max(p)));
    let bound = least + (most - least) * 0.25;
    let (mut best, mut run) = ([0, 0], [0, 0]);
    for (i, _) in values.iter().enumerate().filter(|(_, value)| **value <= bound) {
        run = if run[1] == i { [run[0], i + 1] } else { [i, i + 1] };
        if run[1] - run[0] > best[1] - best[0] {
            best = run;
        }
    }
    (from + usize::midpoint(best[0], best[1]), best[1] - best[0] >= SPACE)
}

/// Draws a region into planes whose rows are `stride` long.
pub(super) fn fill(
    image: &RgbImage,
    region: &Region,
    [columns, rows]: [usize; 2],
    stride: usize,
    planes: &mut [f32],
) {
    let (columns_f, rows_f) = (columns as f32, rows as f32);
    let grid = Grid {
        origin: region.point(0.5 / columns_f, 0.5 / rows_f),
        right: region.along.map(|a| a * region.width / columns_f),
        down: region.down().map(|d| d * region.height / rows_f),
    };
    sample(image, &grid, [columns, rows], stride, planes);
}

/// How wide a line is at the height of the model.
fn line_width(region: &Region) -> usize {
    whole(model_width(region)).clamp(8, MOST_WIDTH)
}

/// The same, however wide it is.
fn model_width(region: &Region) -> f32 {
    (region.width / region.height * HEIGHT as f32 * NARROWED).ceil()
}

/// Lines of like width together: what is padded is computed for nothing.
fn batches(regions: &[Region]) -> Vec<Batch> {
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(line_width(&regions[i])));
    let mut batches: Vec<Batch> = Vec::new();
    for i in order {
        let width = line_width(&regions[i]).next_multiple_of(STEP);
        match batches.last_mut() {
            Some(batch)
                if (batch.lines.len() + 1) * batch.width <= BATCH_WIDTH
                    && batch.width - width <= batch.width / 5 + STEP =>
            {
                batch.lines.push(i);
            }
            _ => batches.push(Batch { lines: vec![i], width }),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_between_words() {
        let mut image = RgbImage::from_pixel(2_000, 24, image::Rgb([255; 3]));
        for x in (0..2_000).filter(|x| x % 100 < 88 && x % 6 < 4) {
            for y in 6..18 {
                image.put_pixel(x, y, image::Rgb([0; 3]));
            }
        }
        let region = Region::new([1_000.0, 12.0], [1.0, 0.0], 2_000.0, 24.0);
        let pieces = pieces(&image, 7, &region);
        assert!(pieces.len() > 4 && pieces[0].from == 0.0 && pieces[pieces.len() - 1].to == 1.0);
        for pair in pieces.windows(2) {
            let x = pair[0].to * 2_000.0 % 100.0;
            assert!(pair[0].to == pair[1].from && x > 86.0 && pair[1].after_space, "{x}");
            assert!(line_width(&region.part(pair[0].from, pair[0].to)) < MOST_WIDTH);
        }
        let short = Region::new([100.0, 12.0], [1.0, 0.0], 200.0, 24.0);
        assert_eq!(super::pieces(&image, 0, &short).len(), 1);
    }

    #[test]
    fn every_line_is_in_one_batch_and_batches_are_bounded() {
        let regions: Vec<Region> = (1..300u16)
            .map(|i| {
                Region::new([0.0, 0.0], [1.0, 0.0], f32::from(i) * 7.0, 10.0 + f32::from(i % 9))
            })
            .collect();
        let batches = batches(&regions);
        let mut lines: Vec<usize> = batches.iter().flat_map(|batch| batch.lines.clone()).collect();
        lines.sort_unstable();
        assert_eq!(lines, (0..299).collect::<Vec<_>>());
        for batch in &batches {
            assert!(batch.lines.len() == 1 || batch.lines.len() * batch.width <= BATCH_WIDTH);
            assert!(batch.lines.iter().all(|&i| line_width(&regions[i]) <= batch.width));
        }
    }
}
