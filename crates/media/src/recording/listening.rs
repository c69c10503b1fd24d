//! What is said in a recording.

use std::{fs::File, path::Path};

use atc_core::file::Segment;
use atc_speech::{SAMPLE_RATE, SpeechError, Transcriber, Transcript};

use super::{
    channels::{self, Channels},
    probe::Probe,
    sound::Sound,
    texts,
};
use crate::ReadError;

/// The most that is listened to, in seconds: twelve hours.
const MAX_S: u32 = 12 * 3600;
/// Windows that are read at once. A second one takes 200 MB more, and the queue of jobs uses the cores.
const THREADS: usize = 1;
/// Two segments of two channels with so much of their words in common are one that both microphones
/// heard.
const SAME_WORDS: f64 = 0.6;

/// What was heard.
pub struct Heard {
    pub segments: Vec<Segment>,
    /// ISO 639-1 code.
    pub language: Option<String>,
    /// Where listening was given up, in seconds, if the recording is longer.
    pub cut_at: Option<f64>,
}

/// Listens to a recording; `tell` is told how far it is, 0 to 1.
pub fn listen(
    file: &File,
    probe: &Probe,
    model: &Path,
    tell: &dyn Fn(f64),
) -> Result<Heard, ReadError> {
    let transcriber = Transcriber::load(model, THREADS).map_err(|e| unavailable(&e))?;
    let stereo = probe.audio.as_ref().is_some_and(|audio| audio.channels == 2);
    let how = if stereo { channels::decide(file)? } else { Channels::Mixed };
    let mut sound =
        Sound::open(file, if how == Channels::Mixed { 1 } else { 2 }, SAMPLE_RATE, MAX_S)?;
    let voices = if how == Channels::Apart { 2 } else { 1 };
    let mut transcriptions: Vec<_> = (0..voices).map(|_| transcriber.begin()).collect();
    let mut samples = 0;
    while let Some(channels) = sound.next()? {
        samples += channels[0].len();
        let first = usize::from(how == Channels::Right);
        for (transcription, channel) in transcriptions.iter_mut().zip(&channels[first..]) {
            transcription.push(channel).map_err(|e| unavailable(&e))?;
        }
        if let Some(duration) = probe.duration_s {
            tell((seconds(samples) / duration).min(1.0));
        }
    }
    if let Err(why) = sound.finish()
        && samples == 0
    {
        return Err(ReadError::refused(format_args!("The sound cannot be decoded: {why}.")));
    }
    let heard = transcriptions
        .into_iter()
        .map(|transcription| transcription.finish().map_err(|e| unavailable(&e)))
        .collect::<Result<Vec<_>, _>>()?;
    let cut = seconds(samples) >= f64::from(MAX_S);
    let (segments, language) = together(heard);
    Ok(Heard { segments, language, cut_at: cut.then_some(f64::from(MAX_S)) })
}

/// The transcripts of all channels in the order of time.
fn together(transcripts: Vec<Transcript>) -> (Vec<Segment>, Option<String>) {
    let words = |t: &Transcript| t.segments.iter().map(|s| s.text.len()).sum::<usize>();
    let language = transcripts.iter().max_by_key(|t| words(t)).and_then(|t| t.language.clone());
    let mut all: Vec<Segment> = Vec::new();
    for transcript in transcripts {
        let new = transcript.segments.into_iter().map(|s| Segment {
            start: hundredths(s.start),
            end: hundredths(s.end),
            text: s.text,
        });
        let same = |a: &Segment, b: &Segment| {
            a.start < b.end && b.start < a.end && texts::likeness(&a.text, &b.text) >= SAME_WORDS
        };
        let new: Vec<_> = new.filter(|s| !all.iter().any(|other| same(other, s))).collect();
        all.extend(new);
    }
    all.sort_by(|a, b| a.start.total_cmp(&b.start));
    (all, language)
}

fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "twelve hours at most")]
fn seconds(samples: usize) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE)
}

fn unavailable(e: &SpeechError) -> ReadError {
    match e {
        SpeechError::Missing(_) => {
            ReadError::unavailable(format_args!("{e}; run `ai-tickets models fetch`."))
        }
        _ => ReadError::unavailable(format_args!("{e}; run `ai-tickets models verify`.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(language: &str, segments: &[(f64, f64, &str)]) -> Transcript {
        let segment = |&(start, end, text): &(f64, f64, &str)| atc_speech::Segment {
            start,
            end,
            text: text.into(),
            language: None,
            no_speech_prob: 0.0,
            avg_logprob: 0.0,
        };
        Transcript {
            segments: segments.iter().map(segment).collect(),
            language: Some(language.into()),
        }
    }

    #[test]
    fn channels_are_put_together_in_the_order_of_time() {
        let left = transcript("en", &[(0.0, 2.0, "Hello, this is support."), (6.0, 8.0, "I see.")]);
        let right = transcript(
            "de",
            &[
                (0.5, 2.5, "hello this is support"),
                (3.0, 5.0, "Mein Drucker druckt seit heute Morgen überhaupt nicht mehr."),
                (7.0, 8.0, "Ja."),
            ],
        );
        let (segments, language) = together(vec![left, right]);
        let texts: Vec<&str> = segments.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(language.as_deref(), Some("de"));
        assert_eq!(texts.len(), 4, "{texts:?}");
        assert!(texts[1].starts_with("Mein Drucker") && texts[2] == "I see." && texts[3] == "Ja.");
    }
}
