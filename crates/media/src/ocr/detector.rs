//! Finds the lines of text in a picture of any size.

use std::{cmp::Reverse, path::Path, sync::Arc};

use image::RgbImage;
use rten::ThreadPool;
use rten_tensor::{NdTensor, prelude::*};

use super::{
    crew::Crew,
    ink::{Cells, Ink},
    network::{Network, failed},
    probability::ProbabilityMap,
    region::Region,
    sampling::{Grid, sample, whole},
};
use crate::reader::ReadError;

/// How many pixels the first look has; a screenshot of 1920 × 1080 has as many.
const FIRST_LOOK: f32 = 1920.0 * 1080.0;
/// How many the second look at a larger picture may have.
const SECOND_LOOK: f32 = 16_000_000.0;
/// Small pictures are enlarged up to this many times.
const MOST_ENLARGED: f32 = 2.0;
/// Lines less high than this, in pixels of the look, are easily missed or run together.
const SMALL_LINE: f32 = 16.0;
/// The model sees at most this much at once, a side: it bounds its memory.
const TILE: usize = 960;
/// What a tile sees beyond its part.
const MARGIN: usize = 64;
/// How fine it is told where there is something to look at, in pixels of the look.
const CELL: usize = 16;
/// The model wants sides that are a multiple of this.
const STEP: usize = 32;

/// The model that marks text.
pub(super) struct Detector(Network);

/// A part of the look: from, to (without), on each axis.
struct Tile {
    x: [usize; 2],
    y: [usize; 2],
}

impl Detector {
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        Network::load(path).map(Self)
    }

    /// The lines of text, in no order. A large picture is looked at again, more closely, when its text is
    /// small.
    pub fn find(&self, image: &RgbImage, crew: &Crew) -> Result<Vec<Region>, ReadError> {
        let area = image.width() as f32 * image.height() as f32;
        let scale = (FIRST_LOOK / area).sqrt().min(MOST_ENLARGED);
        let found = self.look(image, scale, crew)?;
        if scale >= 1.0 {
            return Ok(found);
        }
        let small = small_height(&found).map_or(SMALL_LINE * scale, |height| height * scale);
        if small >= SMALL_LINE {
            return Ok(found);
        }
        let closer = (scale * SMALL_LINE / small * 1.25).min(1.0).min((SECOND_LOOK / area).sqrt());
        if closer < scale * 1.15 { Ok(found) } else { self.look(image, closer, crew) }
    }

    /// The lines that are found in the picture at this scale, in pixels of the picture.
    fn look(&self, image: &RgbImage, scale: f32, crew: &Crew) -> Result<Vec<Region>, ReadError> {
        let side = |pixels: u32| whole((pixels as f32 * scale).round()).max(1);
        let size = [side(image.width()), side(image.height())];
        let [width, height] = size;
        let cell = whole((CELL as f32 / scale).ceil());
        let tiles = tiles(&Ink::of(image, cell), cell as f32 * scale, size);
        let mut map = ProbabilityMap::new(width, height);
        let seen = crew.run(&tiles, |tile, pool| self.see(image, scale, tile, size, pool))?;
        for (tile, values) in tiles.iter().zip(seen) {
            let columns = tile.x[1] - tile.x[0];
            for (row, values) in (tile.y[0]..tile.y[1]).zip(values.chunks(columns)) {
                let at = row * width + tile.x[0];
                map.values[at..at + columns].copy_from_slice(values);
            }
        }
        Ok(map.regions().iter().map(|region| region.scaled(1.0 / scale)).collect())
    }

    /// The probabilities of one part, row by row.
    fn see(
        &self,
        image: &RgbImage,
        scale: f32,
        tile: &Tile,
        [width, height]: [usize; 2],
        pool: &Arc<ThreadPool>,
    ) -> Result<Vec<u8>, ReadError> {
        let seen = |[from, to]: [usize; 2], all: usize| {
            (from.saturating_sub(MARGIN), (to + MARGIN).min(all))
        };
        let ((left, right), (top, bottom)) = (seen(tile.x, width), seen(tile.y, height));
        let (columns, rows) =
            ((right - left).next_multiple_of(STEP), (bottom - top).next_multiple_of(STEP));
        let step = 1.0 / scale;
        let grid = Grid {
            origin: [(left as f32 + 0.5) * step, (top as f32 + 0.5) * step],
            right: [step, 0.0],
            down: [0.0, step],
        };
        let mut planes = vec![0.0; 3 * columns * rows];
        sample(image, &grid, [columns, rows], columns, &mut planes);
        let output = self.0.run(NdTensor::from_data([1, 3, rows, columns], planes), pool)?;
        if output.shape() != [1, 1, rows, columns] {
            return Err(failed("it marked another picture"));
        }
        let values = output.to_vec();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let byte = |p: &f32| (p.clamp(0.0, 1.0) * 255.0) as u8;
        Ok((tile.y[0] - top..tile.y[1] - top)
            .flat_map(|row| {
                let at = row * columns;
                values[at + tile.x[0] - left..at + tile.x[1] - left].iter().map(byte)
            })
            .collect())
    }
}

/// The parts of a look with anything in them, the largest first. `cell` is the side of the cells in the look.
fn tiles(ink: &Ink, cell: f32, [width, height]: [usize; 2]) -> Vec<Tile> {
    let most = whole(TILE as f32 / cell).max(1);
    let pixels = |[from, to]: [usize; 2], all: usize| {
        [whole(from as f32 * cell), whole((to as f32 * cell).ceil()).min(all)]
    };
    let mut tiles: Vec<Tile> = ink
        .cover(whole((MARGIN as f32 / cell).ceil()))
        .into_iter()
        .flat_map(|cells| {
            let columns = parts(cells.x, most);
            parts(cells.y, most)
                .into_iter()
                .flat_map(move |y| columns.clone().into_iter().map(move |x| Cells { x, y }))
        })
        .filter_map(|part| ink.trimmed(part))
        .map(|Cells { x, y }| Tile { x: pixels(x, width), y: pixels(y, height) })
        .collect();
    tiles.sort_by_key(|Tile { x, y }| Reverse((x[1] - x[0]) * (y[1] - y[0])));
    tiles
}

/// A side in equal parts of at most so much.
fn parts([from, to]: [usize; 2], most: usize) -> Vec<[usize; 2]> {
    let n = (to - from).div_ceil(most);
    let at = |i: usize| from + (to - from) * i / n;
    (0..n).map(|i| [at(i), at(i + 1)]).collect()
}

/// The height that nine of ten lines exceed.
fn small_height(regions: &[Region]) -> Option<f32> {
    let mut heights: Vec<f32> = regions.iter().map(|r| r.height.min(r.width)).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 10).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_equal_and_complete() {
        assert_eq!(parts([3, 4], 60), [[3, 4]]);
        assert_eq!(parts([0, 120], 60), [[0, 60], [60, 120]]);
        assert_eq!(parts([10, 131], 60), [[10, 50], [50, 90], [90, 131]]);
    }
}
