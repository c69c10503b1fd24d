//! The key frames of a recording: pictures that show something new.
//!
//! A first pass looks at thumbnails, a second one fetches the chosen pictures in full: only one of them is
//! in memory at a time.

use std::{collections::BTreeSet, fs::File};

use atc_core::file::Frame;

use super::{ReadFrame, decoder::ffmpeg, probe::Video};
use crate::ReadError;

/// The most pictures that are read.
const MAX_FRAMES: usize = 60;
/// The most thumbnails that are compared; longer recordings are looked at less often than once a second.
const MAX_THUMBNAILS: u32 = 1_200;
/// Of a recording longer than this, in seconds, only pictures that stand for themselves are decoded.
const LONG_S: f64 = 1_200.0;
/// Sides of a thumbnail.
const WIDE: usize = 64;
const HIGH: usize = 36;
/// A cell of a thumbnail has changed from this difference of brightness on (of 255).
const CHANGED: u8 = 12;
/// So many changed cells are something new: a line of text has more, a cursor or a clock fewer.
const NEW_CELLS: usize = 6;
/// The longest side of a picture that is read, in pixels.
const MAX_SIDE: u32 = 1_920;

type Thumbnail = [u8; WIDE * HIGH];

/// Reads the key frames; `tell` is told how far it is, 0 to 1.
pub fn read(
    file: &File,
    video: &Video,
    duration_s: Option<f64>,
    ocr_frame: &mut ReadFrame<'_>,
    tell: &dyn Fn(f64),
) -> Result<Vec<Frame>, ReadError> {
    let step = duration_s.map_or(1.0, |s| (s / f64::from(MAX_THUMBNAILS)).max(1.0));
    // Without its length, a recording may be long.
    let only_keys = duration_s.is_some_and(|s| s > LONG_S);
    let before: &[&str] = if only_keys { &["-skip_frame", "nokey"] } else { &[] };
    let chosen = choose(file, before, step)?;
    tell(0.2);
    let (width, height) = fitted(video.width, video.height);
    let picks: Vec<String> = chosen.iter().map(|n| format!("eq(n,{n})")).collect();
    let filter = format!(
        "{},select='{}',scale={width}:{height}:flags=bicubic,format=rgb24",
        sampled(step),
        picks.join("+")
    );
    let mut ffmpeg = ffmpeg(file, before, &pictures(&filter))?;
    let mut picture = vec![0; width as usize * height as usize * 3];
    let mut frames = Vec::new();
    for (done, &number) in chosen.iter().enumerate() {
        if ffmpeg.read(&mut picture)? < picture.len() {
            break;
        }
        match ocr_frame(&picture, width, height) {
            Ok(text) => frames.push(Frame { at: f64::from(number) * step, text }),
            Err(ReadError::Refused(_)) => {}
            Err(e) => return Err(e),
        }
        tell(0.2 + 0.8 * share(done + 1, chosen.len()));
    }
    Ok(frames)
}

/// The numbers of the pictures that show something new.
fn choose(file: &File, before: &[&str], step: f64) -> Result<BTreeSet<u32>, ReadError> {
    let filter = format!("{},scale={WIDE}:{HIGH}:flags=area,format=gray", sampled(step));
    let mut ffmpeg = ffmpeg(file, before, &pictures(&filter))?;
    let mut chooser = Chooser::default();
    let mut thumbnail: Thumbnail = [0; WIDE * HIGH];
    // One more than planned, for rounding; without a length, so long and no longer.
    for number in 0..=MAX_THUMBNAILS {
        if ffmpeg.read(&mut thumbnail)? < thumbnail.len() {
            break;
        }
        chooser.add(number, &thumbnail);
    }
    Ok(chooser.chosen())
}

/// One picture every so many seconds, and one of a video that is shorter.
fn sampled(step: f64) -> String {
    format!("fps=1/{step}:eof_action=pass")
}

/// What ffmpeg is to do with the pictures.
fn pictures(filter: &str) -> [&str; 10] {
    ["-an", "-sn", "-dn", "-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
}

/// Picks out what is new.
#[derive(Default)]
struct Chooser {
    last: Option<Thumbnail>,
    /// The pictures and how many of their cells are new.
    new: Vec<(u32, usize)>,
}

impl Chooser {
    fn add(&mut self, number: u32, thumbnail: &Thumbnail) {
        let changed = self.last.map_or(WIDE * HIGH, |last| {
            last.iter().zip(thumbnail).filter(|(a, b)| a.abs_diff(**b) >= CHANGED).count()
        });
        if changed >= NEW_CELLS {
            self.new.push((number, changed));
            self.last = Some(*thumbnail);
        }
    }

    /// Those with the most that is new.
    fn chosen(mut self) -> BTreeSet<u32> {
        self.new.sort_by_key(|&(_, changed)| std::cmp::Reverse(changed));
        self.new.into_iter().take(MAX_FRAMES).map(|(number, _)| number).collect()
    }
}

/// The sides of a picture as it is read.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= MAX_SIDE {
        return (width, height);
    }
    let fit = |side: u32| {
        let scaled = u64::from(side) * u64::from(MAX_SIDE) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(MAX_SIDE).max(1)
    };
    (fit(width), fit(height))
}

#[expect(clippy::cast_precision_loss, reason = "sixty at most")]
fn share(done: usize, of: usize) -> f64 {
    done as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white picture with so many black cells from one on.
    fn picture(from: usize, cells: usize) -> Thumbnail {
        let mut picture = [255; WIDE * HIGH];
        picture[from..from + cells].fill(0);
        picture
    }

    #[test]
    fn only_what_is_new_is_chosen() {
        let mut chooser = Chooser::default();
        let shown =
            [picture(0, 0), picture(0, 2), picture(0, 0), picture(500, 30), picture(500, 31)];
        for (number, thumbnail) in (0..).zip(&shown) {
            chooser.add(number, thumbnail);
        }
        assert_eq!(chooser.chosen(), BTreeSet::from([0, 3]));
    }

    #[test]
    fn of_too_many_those_with_most_news_are_chosen() {
        let mut chooser = Chooser::default();
        for number in 0..200u32 {
            let cells = if number % 4 == 1 { 1_000 } else { 10 };
            chooser.add(number, &picture(number as usize, cells));
        }
        let chosen = chooser.chosen();
        assert_eq!(chosen.len(), MAX_FRAMES);
        assert!(chosen.contains(&0) && chosen.contains(&1));
    }

    #[test]
    fn pictures_are_fitted() {
        assert_eq!(fitted(1_920, 1_080), (1_920, 1_080));
        assert_eq!(fitted(3_840, 2_160), (1_920, 1_080));
        assert_eq!(fitted(4_000_000_000, 1), (1_920, 1));
    }
}
