//! What Whisper hears: the logarithm of the energy in 80 bands of pitch, a hundred times a second.
//!
//! As in `whisper/audio.py` of `OpenAI`: a short-time Fourier transform over 25 ms every 10 ms, the bands
//! of Slaney's Auditory Toolbox as librosa computes them, and the loudest 80 dB of the window.

use std::{f32::consts::PI, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex};

use crate::SAMPLE_RATE;

/// Bands.
pub const BANDS: usize = 80;
/// Frames of a window of 30 seconds.
pub const FRAMES: usize = 3_000;
/// Samples from a frame to the next.
const HOP: usize = 160;
/// Samples of a frame.
const WIDTH: usize = 400;
/// Frequencies of a frame.
const BINS: usize = WIDTH / 2 + 1;
/// Samples of a window.
pub const WINDOW: usize = FRAMES * HOP;

/// Makes the spectrogram of windows.
pub struct LogMel {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    bands: Vec<Band>,
}

/// One band: the weights of the frequencies from `first` on.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl LogMel {
    pub fn new() -> Self {
        let hann =
            (0..WIDTH).map(|i| 0.5 - 0.5 * (2.0 * PI * small(i) / small(WIDTH)).cos()).collect();
        Self { fft: RealFftPlanner::new().plan_fft_forward(WIDTH), hann, bands: bands() }
    }

    /// The spectrogram of at most 30 seconds, followed by silence up to 30: [`BANDS`] rows of
    /// [`FRAMES`]. What is longer is cut.
    pub fn spectrogram(&self, samples: &[f32]) -> Vec<f32> {
        let samples = &samples[..samples.len().min(WINDOW)];
        let mut mel = vec![-10.0f32; BANDS * FRAMES];
        // Frames further on see nothing but the silence behind the samples.
        let heard = (samples.len() / HOP + 2).min(FRAMES);
        let mut frame = vec![0.0; WIDTH];
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = [0.0f32; BINS];
        for t in 0..heard {
            for (i, (x, w)) in frame.iter_mut().zip(&self.hann).enumerate() {
                *x = w * mirrored(samples, t * HOP + i);
            }
            // It fails only for lengths that are not the planned ones.
            let done = self.fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok());
            for (p, c) in power.iter_mut().zip(&spectrum) {
                *p = c.norm_sqr();
            }
            for (b, band) in self.bands.iter().enumerate() {
                let energy: f32 =
                    band.weights.iter().zip(&power[band.first..]).map(|(w, p)| w * p).sum();
                mel[b * FRAMES + t] = energy.max(1e-10).log10();
            }
        }
        let loudest = mel.iter().copied().fold(f32::MIN, f32::max);
        for x in &mut mel {
            *x = (x.max(loudest - 8.0) + 4.0) / 4.0;
        }
        mel
    }
}

/// The sample at a place of the window with half a frame before it and behind it, where the sound is
/// mirrored.
fn mirrored(samples: &[f32], place: usize) -> f32 {
    let half = WIDTH / 2;
    let i = half.abs_diff(place);
    let i = if i < WINDOW { i } else { 2 * WINDOW - 2 - i };
    samples.get(i).copied().unwrap_or(0.0)
}

/// The triangles of Slaney's mel scale, each of area one (`librosa.filters.mel`, `norm="slaney"`).
#[expect(clippy::cast_possible_truncation, reason = "weights need no more than single precision")]
fn bands() -> Vec<Band> {
    let top = mel_of(f64::from(SAMPLE_RATE) / 2.0);
    let edges: Vec<f64> = (0..BANDS + 2)
        .map(|i| hertz_of(top * f64::from(small(i)) / f64::from(small(BANDS + 1))))
        .collect();
    edges
        .windows(3)
        .map(|e| {
            let weight = |bin: usize| {
                let f = f64::from(small(bin)) * f64::from(SAMPLE_RATE) / f64::from(small(WIDTH));
                let rising = (f - e[0]) / (e[1] - e[0]);
                let falling = (e[2] - f) / (e[2] - e[1]);
                (rising.min(falling).max(0.0) * 2.0 / (e[2] - e[0])) as f32
            };
            let first = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
            let weights = (first..BINS).map(weight).take_while(|&w| w > 0.0).collect();
            Band { first, weights }
        })
        .collect()
}

/// Linear below 1 kHz, logarithmic above.
const LINEAR: f64 = 200.0 / 3.0;
const KNEE_HZ: f64 = 1_000.0;
const KNEE: f64 = KNEE_HZ / LINEAR;

fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

fn mel_of(hertz: f64) -> f64 {
    if hertz < KNEE_HZ { hertz / LINEAR } else { KNEE + (hertz / KNEE_HZ).ln() / log_step() }
}

fn hertz_of(mel: f64) -> f64 {
    if mel < KNEE { mel * LINEAR } else { KNEE_HZ * (log_step() * (mel - KNEE)).exp() }
}

/// A number far below the precision of `f32`.
fn small(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::NAN, f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tones that rise and fall and a noise, as in `mel/reference.py`.
    #[expect(clippy::cast_possible_truncation, reason = "samples are of single precision")]
    fn sound() -> Vec<f32> {
        let mut noise = 12_345u32;
        (0..40_000u32)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let t = f64::from(i) / 16_000.0;
                let tones = 0.4 * (2.0 * std::f64::consts::PI * 440.0 * t).sin()
                    + 0.2 * (2.0 * std::f64::consts::PI * 3_000.0 * t * t).sin();
                (tones + 0.05 * (f64::from(noise) / f64::from(u32::MAX) - 0.5)) as f32
            })
            .collect()
    }

    #[test]
    fn the_spectrogram_is_that_of_the_reference() {
        let reference: serde_json::Value =
            serde_json::from_str(include_str!("mel/reference.json")).unwrap();
        let mel = LogMel::new().spectrogram(&sound());
        assert_eq!(mel.len(), BANDS * FRAMES);
        let frames = reference.as_object().unwrap();
        assert!(frames.len() >= 6);
        for (frame, values) in frames {
            let t: usize = frame.parse().unwrap();
            let values = values.as_array().unwrap();
            assert_eq!(values.len(), BANDS);
            for (b, value) in values.iter().enumerate() {
                let (got, wanted) = (f64::from(mel[b * FRAMES + t]), value.as_f64().unwrap());
                assert!((got - wanted).abs() < 2e-4, "frame {t}, band {b}: {got}, not {wanted}");
            }
        }
    }

    #[test]
    fn any_length_has_a_spectrogram() {
        let mel = LogMel::new();
        for length in [0, 1, 399, WINDOW - 1, WINDOW, WINDOW + 1] {
            let all = mel.spectrogram(&vec![0.5; length]);
            assert!(all.len() == BANDS * FRAMES && all.iter().all(|x| x.is_finite()));
        }
    }
}
