//! What to do with two channels: two people who speak into one each must not be mixed, for Whisper would
//! understand neither; the same sound in both must not be read twice.

use std::fs::File;

use super::sound::Sound;
use crate::ReadError;

/// How much is listened to before it is decided, in seconds.
const PREVIEW_S: u32 = 600;
/// Samples a second; the lower ones suffice.
const RATE: u32 = 8_000;
/// Samples of a tenth of a second, whose loudness is compared.
const TENTH: usize = RATE as usize / 10;
/// Below this a channel is silent, in decibels of the full scale.
const SILENT_DB: f64 = -60.0;
/// A channel that is so much quieter than the other holds nothing of its own.
const FAR_QUIETER_DB: f64 = 30.0;

/// How two channels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Mixed into one.
    Mixed,
    /// Only the first one.
    Left,
    /// Only the second one.
    Right,
    /// Each for itself.
    Apart,
}

/// Listens to the beginning and decides.
pub fn decide(file: &File) -> Result<Channels, ReadError> {
    let mut sound = Sound::open(file, 2, RATE, PREVIEW_S)?;
    let mut compared = Comparison::default();
    while let Some(channels) = sound.next()? {
        if let [left, right] = &channels[..] {
            compared.add(left, right);
        }
    }
    Ok(compared.verdict())
}

/// How alike two channels are.
#[derive(Debug, Default)]
struct Comparison {
    left: f64,
    right: f64,
    both: f64,
    /// The loudness of each channel in each tenth of a second, in decibels.
    loudness: Vec<(f64, f64)>,
}

impl Comparison {
    fn add(&mut self, left: &[f32], right: &[f32]) {
        for (left, right) in left.chunks(TENTH).zip(right.chunks(TENTH)) {
            let [mut l2, mut r2, mut lr] = [0.0f64; 3];
            for (&l, &r) in left.iter().zip(right) {
                let (l, r) = (f64::from(l), f64::from(r));
                l2 += l * l;
                r2 += r * r;
                lr += l * r;
            }
            self.left += l2;
            self.right += r2;
            self.both += lr;
            self.loudness.push((decibels(l2), decibels(r2)));
        }
    }

    fn verdict(&self) -> Channels {
        let louder = if self.left >= self.right { Channels::Left } else { Channels::Right };
        let (quiet, loud) = (self.left.min(self.right), self.left.max(self.right));
        if loud <= 0.0 || !loud.is_finite() {
            return Channels::Mixed;
        }
        if quiet <= loud * 10f64.powf(-FAR_QUIETER_DB / 10.0) {
            return louder;
        }
        // Pearson's correlation of the waves: 1 for the same sound, about 0 for two.
        let alike = self.both / (self.left * self.right).sqrt();
        if alike < -0.5 {
            // They would cancel each other.
            return louder;
        }
        if alike < 0.5 && correlation(&self.loudness) < 0.5 {
            Channels::Apart
        } else {
            Channels::Mixed
        }
    }
}

/// The loudness of a tenth of a second from the sum of the squares of its samples.
fn decibels(squares: f64) -> f64 {
    (10.0 * (squares / f64::from(RATE / 10)).log10()).max(SILENT_DB)
}

/// Pearson's correlation of the two loudnesses over the moments at which something is heard.
fn correlation(loudness: &[(f64, f64)]) -> f64 {
    let heard = || loudness.iter().filter(|(l, r)| l.max(*r) > SILENT_DB + 10.0);
    let [mut n, mut l1, mut r1] = [0.0; 3];
    for (l, r) in heard() {
        n += 1.0;
        l1 += l;
        r1 += r;
    }
    let (l1, r1) = (l1 / f64::max(n, 1.0), r1 / f64::max(n, 1.0));
    let [mut l2, mut r2, mut lr] = [0.0; 3];
    for (l, r) in heard() {
        l2 += (l - l1).powi(2);
        r2 += (r - r1).powi(2);
        lr += (l - l1) * (r - r1);
    }
    if l2 * r2 > 0.0 { lr / (l2 * r2).sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise that is loud and quiet in turns, another for each seed.
    #[expect(clippy::cast_possible_truncation, reason = "samples")]
    fn voice(seed: u32, seconds: usize) -> Vec<f32> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(u32::MAX) - 0.5
        };
        let loudness: Vec<f64> =
            (0..seconds * 4).map(|_| if next() > 0.0 { 0.5 } else { 0.005 }).collect();
        (0..seconds * RATE as usize)
            .map(|i| (loudness[i * 4 / RATE as usize] * next()) as f32)
            .collect()
    }

    fn verdict(left: &[f32], right: &[f32]) -> Channels {
        let mut compared = Comparison::default();
        compared.add(left, right);
        compared.verdict()
    }

    #[test]
    fn two_voices_are_read_apart_and_one_is_read_once() {
        let (a, b) = (voice(1, 20), voice(99, 20));
        let turned: Vec<f32> = a.iter().map(|x| -x).collect();
        let faint: Vec<f32> = a.iter().map(|x| x / 100.0).collect();
        let late = [&vec![0.0; 5][..], &a[..a.len() - 5]].concat();
        let silence = vec![0.0; a.len()];
        assert_eq!(verdict(&a, &b), Channels::Apart);
        assert_eq!(verdict(&a, &a), Channels::Mixed);
        assert_eq!(verdict(&a, &late), Channels::Mixed, "two microphones, one room");
        assert_eq!(verdict(&a, &turned), Channels::Left, "they would cancel each other");
        assert_eq!(verdict(&a, &faint), Channels::Left);
        assert_eq!(verdict(&silence, &a), Channels::Right);
        assert_eq!(verdict(&silence, &silence), Channels::Mixed);
        assert_eq!(verdict(&[], &[]), Channels::Mixed);
    }
}
