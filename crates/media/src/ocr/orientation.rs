//! Which way up the text in a picture stands.

use std::path::Path;

use image::{RgbImage, imageops};
use rten_tensor::{NdTensor, prelude::*};

use super::{
    crew::Crew,
    network::{Network, failed},
    reader::{LineReader, Reading, fill},
    region::Region,
};
use crate::reader::ReadError;

/// The picture that the model judges.
const SIZE: [usize; 2] = [192, 48];
/// How many lines are asked.
const ASKED: usize = 8;
/// Lines this long for their height say something.
const TELLING: f32 = 2.5;
/// A line that is so probably upside down is read again.
const SURE: f32 = 0.8;

/// The turn that makes the text of a picture upright, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    /// The turned picture; `None` where nothing is to be turned.
    pub fn apply(self, image: &RgbImage) -> Option<RgbImage> {
        match self {
            Self::None => None,
            Self::Quarter => Some(imageops::rotate90(image)),
            Self::Half => Some(imageops::rotate180(image)),
            Self::ThreeQuarters => Some(imageops::rotate270(image)),
        }
    }

    /// Where a box (left, top, right, bottom) of the turned picture is in the picture, which is
    /// `width` × `height`.
    pub fn back(self, [left, top, right, bottom]: [f64; 4], [width, height]: [f64; 2]) -> [f64; 4] {
        match self {
            Self::None => [left, top, right, bottom],
            Self::Quarter => [top, height - right, bottom, height - left],
            Self::Half => [width - right, height - bottom, width - left, height - top],
            Self::ThreeQuarters => [width - bottom, left, width - top, right],
        }
    }
}

/// The model that tells lines from those that are upside down.
pub(super) struct Orienter(Network);

impl Orienter {
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        Network::load(path).map(Self)
    }

    /// The turn of the whole picture. The model is right about most lines only: what reads better decides.
    pub fn turn_of(
        &self,
        image: &RgbImage,
        regions: &[Region],
        reader: &LineReader,
        crew: &Crew,
    ) -> Result<Turn, ReadError> {
        let length = |r: &Region| r.width.max(r.height) / r.width.min(r.height);
        let mut telling: Vec<Region> =
            regions.iter().copied().filter(|r| length(r) > TELLING).collect();
        telling.sort_by(|a, b| (length(b)).total_cmp(&length(a)));
        let sideways = telling.iter().filter(|region| region.height > region.width).count() * 2
            > telling.len();
        telling.retain(|region| (region.height > region.width) == sideways);
        telling.truncate(ASKED);
        if sideways {
            for region in &mut telling {
                *region = region.quarter_turned();
            }
        }
        if telling.is_empty() {
            return Ok(Turn::None);
        }
        let heads_down =
            self.probabilities(image, &telling, crew)?.iter().filter(|&&p| p > 0.5).count();
        if !sideways && heads_down * 3 < telling.len() {
            return Ok(Turn::None);
        }
        let sum = |readings: Vec<Reading>| {
            readings.iter().map(|r| r.confidence() * r.0.len() as f32).sum::<f32>()
        };
        let as_is = sum(reader.read(image, &telling, crew)?);
        let flipped: Vec<Region> = telling.iter().map(Region::half_turned).collect();
        let flipped = sum(reader.read(image, &flipped, crew)?);
        Ok(match (sideways, as_is >= flipped) {
            (false, true) => Turn::None,
            (false, false) => Turn::Half,
            // Read from the bottom upwards: a turn to the right puts it upright.
            (true, true) => Turn::Quarter,
            (true, false) => Turn::ThreeQuarters,
        })
    }

    /// Those of the regions `which` that probably are upside down.
    pub fn heads_down(
        &self,
        image: &RgbImage,
        regions: &[Region],
        which: &[usize],
        crew: &Crew,
    ) -> Result<Vec<usize>, ReadError> {
        let asked: Vec<Region> = which.iter().map(|&i| regions[i]).collect();
        let found = self.probabilities(image, &asked, crew)?;
        Ok(which.iter().zip(found).filter(|(_, p)| *p > SURE).map(|(&i, _)| i).collect())
    }

    /// How probably each region is upside down, by its beginning.
    fn probabilities(
        &self,
        image: &RgbImage,
        regions: &[Region],
        crew: &Crew,
    ) -> Result<Vec<f32>, ReadError> {
        let [columns, rows] = SIZE;
        let batches: Vec<&[Region]> = regions.chunks(ASKED).collect();
        let found = crew.run(&batches, |batch, pool| {
            let mut planes = vec![0.0; batch.len() * 3 * columns * rows];
            for (region, planes) in batch.iter().zip(planes.chunks_mut(3 * columns * rows)) {
                let part = region.part(0.0, (4.0 * region.height / region.width).min(1.0));
                let used = super::sampling::whole(part.width / part.height * rows as f32)
                    .clamp(8, columns);
                fill(image, &part, [used, rows], columns, planes);
            }
            let output =
                self.0.run(NdTensor::from_data([batch.len(), 3, rows, columns], planes), pool)?;
            if output.shape() != [batch.len(), 2] {
                return Err(failed("it judged something else"));
            }
            Ok(output.to_vec().chunks(2).map(|pair| pair[1]).collect::<Vec<f32>>())
        })?;
        Ok(found.concat())
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn boxes_go_back_to_where_they_were() {
        let mut image = RgbImage::new(6, 4);
        image.put_pixel(4, 1, Rgb([255; 3]));
        for turn in [Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            let turned = turn.apply(&image).unwrap();
            let (x, y, _) =
                turned.enumerate_pixels().find(|(_, _, pixel)| pixel.0[0] == 255).unwrap();
            let (x, y) = (f64::from(x), f64::from(y));
            assert_eq!(
                turn.back([x, y, x + 1.0, y + 1.0], [6.0, 4.0]),
                [4.0, 1.0, 5.0, 2.0],
                "{turn:?}"
            );
        }
        assert!(Turn::None.apply(&image).is_none());
    }
}
