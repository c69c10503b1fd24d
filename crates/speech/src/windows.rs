//! Cuts sound into windows that Whisper reads at once: speech with a little of what is around it, up to
//! 30 seconds, cut where nobody speaks (Bain et al., "`WhisperX`", Interspeech 2023).

use std::collections::VecDeque;

use crate::vad::FRAME;

/// Seconds of a frame: 512 of 16,000 samples.
const FRAME_S: f64 = 0.032;
/// From this probability on, somebody speaks; and goes on to above the second one (the thresholds of
/// Silero's own `get_speech_timestamps`).
const BEGINS: f32 = 0.5;
const GOES_ON: f32 = 0.35;
/// Frames that are kept before and after speech: 0.4 s, as in faster-whisper.
const AROUND: usize = 13;
/// The most frames of a window: a little under 30 s.
const MOST: usize = 928;
/// A window that is full is cut at the quietest place behind this one.
const CUT_FROM: usize = MOST * 2 / 3;
/// A window with fewer frames of speech (0.13 s) holds a click or a cough.
const LEAST_SPEECH: usize = 4;
/// Frames without speech (20 s) that end a window: what comes later has little to do with it.
const APART: u64 = 625;

/// Sound that is read at once.
#[derive(Debug)]
pub struct Window {
    /// Its samples; silence between stretches of speech is shortened.
    pub samples: Vec<f32>,
    frames: Vec<Kept>,
}

/// A frame of a window.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// Which it is from the beginning of the recording.
    number: u64,
    probability: f32,
    speech: bool,
}

impl Window {
    fn new() -> Self {
        Self { samples: Vec::new(), frames: Vec::new() }
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        seconds(self.frames.len())
    }

    /// How long somebody speaks between two times in it, in seconds.
    pub fn speech_between(&self, from: f64, to: f64) -> f64 {
        let [from, to] = [from, to].map(|at| frame_at(at).min(self.frames.len()));
        let frames = self.frames.get(from..to).unwrap_or_default();
        seconds(frames.iter().filter(|f| f.speech).count())
    }

    /// The time in the recording of a time in the window, both in seconds.
    pub fn beginning(&self, at: f64) -> f64 {
        self.in_recording(frame_at(at), at)
    }

    /// The same for a time at which something ends: at a place where silence was taken out, the
    /// end is before it and the beginning behind it.
    pub fn ending(&self, at: f64) -> f64 {
        self.in_recording(frame_at(at - FRAME_S / 2.0), at)
    }

    fn in_recording(&self, frame: usize, at: f64) -> f64 {
        let frame = frame.min(self.frames.len().saturating_sub(1));
        let number = self.frames.get(frame).map_or(0, |f| f.number);
        let at = at.clamp(0.0, self.seconds());
        number_seconds(number) + (at - seconds(frame)).max(0.0)
    }

    fn push(&mut self, samples: &[f32], frame: Kept) {
        self.samples.extend_from_slice(samples);
        self.frames.push(frame);
    }

    /// Takes off what comes before the quietest place of its last third.
    fn cut(&mut self) -> Self {
        let loudness =
            |i: usize| -> f32 { self.frames[i - 1..=i + 1].iter().map(|f| f.probability).sum() };
        let quietest = (CUT_FROM..self.frames.len() - 1)
            .min_by(|&a, &b| loudness(a).total_cmp(&loudness(b)))
            .unwrap_or(CUT_FROM);
        let rest_samples = self.samples.split_off(quietest * FRAME);
        let rest_frames = self.frames.split_off(quietest);
        let rest = Self { samples: rest_samples, frames: rest_frames };
        std::mem::replace(self, rest)
    }

    /// Itself, if there is any speech in it.
    fn with_speech(self) -> Option<Self> {
        (self.frames.iter().filter(|f| f.speech).count() >= LEAST_SPEECH).then_some(self)
    }
}

/// Makes windows out of frames.
pub struct Windows {
    open: Window,
    before: VecDeque<(Vec<f32>, Kept)>,
    speaking: bool,
    /// Frames to keep although nobody speaks.
    after: usize,
    next: u64,
    last_speech: u64,
}

impl Windows {
    pub fn new() -> Self {
        Self {
            open: Window::new(),
            before: VecDeque::new(),
            speaking: false,
            after: 0,
            next: 0,
            last_speech: 0,
        }
    }

    /// Takes the next frame; gives a window that is full.
    pub fn add(&mut self, samples: &[f32], probability: f32) -> Option<Window> {
        self.speaking = probability >= if self.speaking { GOES_ON } else { BEGINS };
        let frame = Kept { number: self.next, probability, speech: self.speaking };
        self.next += 1;
        let mut full = None;
        if self.speaking {
            if frame.number - self.last_speech > APART {
                full = self.finish();
            }
            self.last_speech = frame.number;
            for (samples, frame) in self.before.drain(..) {
                self.open.push(&samples, frame);
            }
            self.after = AROUND;
        }
        if self.speaking || self.after > 0 {
            self.after = if self.speaking { self.after } else { self.after - 1 };
            self.open.push(samples, frame);
        } else {
            if self.before.len() == AROUND {
                self.before.pop_front();
            }
            self.before.push_back((samples.to_vec(), frame));
        }
        if self.open.frames.len() >= MOST {
            full = self.open.cut().with_speech();
        }
        full
    }

    /// What is left.
    pub fn finish(&mut self) -> Option<Window> {
        std::mem::replace(&mut self.open, Window::new()).with_speech()
    }
}

/// The frame of a window at a time in seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn frame_at(at: f64) -> usize {
    (at / FRAME_S + 1e-6) as usize
}

/// How long so many frames of a window are.
fn seconds(frames: usize) -> f64 {
    number_seconds(frames as u64)
}

#[expect(clippy::cast_precision_loss, reason = "exact for millions of years")]
fn number_seconds(frames: u64) -> f64 {
    frames as f64 * FRAME_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The windows of frames of those probabilities; a frame's samples are its number.
    fn windows(probabilities: &[f32]) -> Vec<Window> {
        let mut windows = Windows::new();
        let mut all = Vec::new();
        for (i, &p) in probabilities.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            all.extend(windows.add(&[i as f32; FRAME], p));
        }
        all.extend(windows.finish());
        all
    }

    #[test]
    fn silence_gives_no_window() {
        assert!(windows(&vec![0.1; 5_000]).is_empty());
        let mut click = [0.0; 100];
        click[50..53].fill(0.9);
        assert!(windows(&click).is_empty());
    }

    #[test]
    fn silence_is_taken_out_and_times_stay_those_of_the_recording() {
        let mut sound = [0.0; 400];
        sound[100..120].fill(0.9);
        sound[300..320].fill(0.9);
        let [window] = &windows(&sound)[..] else { panic!("one window") };
        assert_eq!(window.frames.len(), 2 * (20 + 2 * AROUND));
        let at = |frame: usize| seconds(frame);
        assert!((window.beginning(0.0) - at(100 - AROUND)).abs() < 1e-9);
        assert!((window.beginning(at(AROUND)) - at(100)).abs() < 1e-9);
        let seam = at(20 + 2 * AROUND);
        assert!((window.ending(seam) - at(120 + AROUND)).abs() < 1e-9, "the end of the first");
        assert!((window.beginning(seam) - at(300 - AROUND)).abs() < 1e-9, "the second begins");
        assert!((window.speech_between(0.0, seam) - at(20)).abs() < 1e-9);
        assert!((window.speech_between(0.0, 1e9) - at(40)).abs() < 1e-9);
    }

    #[test]
    fn long_speech_is_cut_where_it_is_quietest() {
        let mut sound = [0.9; 1_500];
        sound[800..803].fill(0.6);
        let all = windows(&sound);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].frames.len(), 801);
        assert_eq!(all[0].frames.len() + all[1].frames.len(), 1_500);
        assert!((all[1].beginning(0.0) - seconds(801)).abs() < 1e-9);
    }

    #[test]
    fn speech_far_apart_is_read_apart() {
        let mut sound = [0.0; 1_000];
        sound[10..30].fill(0.9);
        sound[700..720].fill(0.9);
        assert_eq!(windows(&sound).len(), 2);
    }

    proptest! {
        #[test]
        fn windows_are_bounded_and_in_order(
            runs in prop::collection::vec((0.0f32..1.0, 1usize..700), 1..12)
        ) {
            let sound: Vec<f32> = runs.iter().flat_map(|&(p, n)| vec![p; n]).collect();
            let mut last = None;
            for window in windows(&sound) {
                prop_assert!(window.frames.len() <= MOST);
                prop_assert_eq!(window.samples.len(), window.frames.len() * FRAME);
                for (frame, samples) in window.frames.iter().zip(window.samples.chunks(FRAME)) {
                    prop_assert!(last.is_none_or(|l| l < frame.number));
                    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
                    let sample = frame.number as f32;
                    prop_assert!((samples[0] - sample).abs() < 0.5);
                    last = Some(frame.number);
                }
                let (begin, end) = (window.beginning(0.0), window.ending(window.seconds()));
                prop_assert!(begin < end && end <= seconds(sound.len()) + 1e-6);
            }
        }
    }
}
