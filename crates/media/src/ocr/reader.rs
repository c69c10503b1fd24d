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
/// The model's widths are multiples of this; fewer widths are fewer kinds of batches.
const STEP: usize = 32;
/// The widest line; longer ones are squeezed.
const MOST_WIDTH: usize = 3_200;
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
        let batches = batches(regions);
        let read =
            crew.run(&batches, |batch, pool| self.read_batch(image, regions, batch, pool))?;
        let mut readings = vec![Reading(Vec::new()); regions.len()];
        for (batch, found) in batches.iter().zip(read) {
            for (&i, reading) in batch.lines.iter().zip(found) {
                readings[i] = reading;
            }
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
    whole((region.width / region.height * HEIGHT as f32).ceil()).clamp(8, MOST_WIDTH)
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
