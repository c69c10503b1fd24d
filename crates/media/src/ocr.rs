//! Reads the text in a picture: PP-OCRv6 finds its lines, turns them upright and reads them.

#![expect(clippy::cast_precision_loss, reason = "pixels, steps and characters are far below 2^24")]
#![cfg_attr(
    test,
    allow(clippy::float_cmp, reason = "the tests compute with numbers that are exact")
)]

mod crew;
mod ctc;
mod detector;
mod hull;
mod ink;
mod layout;
mod lines;
mod network;
mod orientation;
mod probability;
mod reader;
mod region;
mod sampling;

use image::RgbImage;

pub use self::lines::{Line, text_of};
use self::{crew::Crew, detector::Detector, orientation::Orienter, reader::LineReader};
use crate::reader::{Models, ReadError};

/// Less probable lines are guesses at what is no text.
const LEAST_CONFIDENCE: f32 = 0.5;
/// Such lines may stand on their heads.
const DOUBTFUL: f32 = 0.75;

/// Reads pictures. It takes a tenth of a second to load and may be kept.
pub struct Recognizer {
    detector: Detector,
    reader: LineReader,
    orienter: Orienter,
    crew: Crew,
}

impl Recognizer {
    /// Loads the three models.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when one is missing or is not what it should be.
    pub fn load(models: &Models) -> Result<Self, ReadError> {
        Ok(Self {
            detector: Detector::load(&models.ocr.join("det.onnx"))?,
            reader: LineReader::load(&models.ocr.join("rec.onnx"))?,
            orienter: Orienter::load(&models.ocr.join("cls.onnx"))?,
            crew: Crew::new(),
        })
    }

    /// The lines of text in a picture, in reading order; none where there is no text. Boxes are pixels
    /// of the picture, also where the text in it is turned.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when a model fails.
    pub fn read(&self, image: &RgbImage) -> Result<Vec<Line>, ReadError> {
        let found = self.detector.find(image, &self.crew)?;
        let turn = self.orienter.turn_of(image, &found, &self.reader, &self.crew)?;
        let Some(upright) = turn.apply(image) else {
            return self.read_regions(image, found);
        };
        let found = self.detector.find(&upright, &self.crew)?;
        let mut lines = self.read_regions(&upright, found)?;
        for line in &mut lines {
            line.turn_back(turn, image.dimensions());
        }
        Ok(lines)
    }

    fn read_regions(
        &self,
        image: &RgbImage,
        mut regions: Vec<region::Region>,
    ) -> Result<Vec<Line>, ReadError> {
        for region in &mut regions {
            if region.stands_upright() {
                *region = region.quarter_turned();
            }
        }
        let mut readings = self.reader.read(image, &regions, &self.crew)?;
        let doubtful: Vec<usize> =
            (0..regions.len()).filter(|&i| readings[i].confidence() < DOUBTFUL).collect();
        let turned = self.orienter.heads_down(image, &regions, &doubtful, &self.crew)?;
        let flipped: Vec<_> = turned.iter().map(|&i| regions[i].half_turned()).collect();
        let again = self.reader.read(image, &flipped, &self.crew)?;
        for ((i, region), reading) in turned.into_iter().zip(flipped).zip(again) {
            if reading.confidence() > readings[i].confidence() {
                regions[i] = region;
                readings[i] = reading;
            }
        }
        let pieces = regions
            .into_iter()
            .zip(readings)
            .filter(|(_, reading)| reading.confidence() >= LEAST_CONFIDENCE)
            .collect();
        Ok(layout::in_reading_order(pieces).into_iter().map(Line::of).collect())
    }
}
