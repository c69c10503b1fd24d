//! Reads one channel of a recording from its beginning to its end.

use crate::{
    SAMPLE_RATE, SpeechError, Transcriber,
    decoding::{self, Said},
    guards,
    language::{Languages, iso_639_1},
    tokens::{self, Timed},
    vad::{FRAME, Memory},
    windows::{Window, Windows},
};

/// Samples that are looked at for speech together: two seconds.
const BLOCK: usize = 64 * FRAME;
/// How often the rest of a window is read again when the model stopped before its end.
const PASSES: u32 = 4;
/// Seconds of speech in that rest that are worth it.
const WORTH_ANOTHER: f64 = 0.6;
/// Seconds of speech that a segment holds at the least.
const LEAST_SPEECH: f64 = 0.1;
/// What is often made up is believed only if it is likelier than this, and silence is not.
const BELIEVED_LOGPROB: f64 = -0.6;
const BELIEVED_NO_SPEECH: f64 = 0.3;

/// Something that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Seconds from the beginning of the recording.
    pub start: f64,
    /// Seconds from the beginning of the recording.
    pub end: f64,
    /// The words.
    pub text: String,
    /// ISO 639-1 code of the language that it was read in; `None` where there is no such code.
    pub language: Option<String>,
    /// The probability that nobody spoke, 0 to 1.
    pub no_speech_prob: f64,
    /// The mean of the natural logarithms of the tokens' probabilities.
    pub avg_logprob: f64,
}

/// Everything that was said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    /// In the order of time.
    pub segments: Vec<Segment>,
    /// ISO 639-1 code of the language that is spoken most; `None` where no language is certain.
    pub language: Option<String>,
}

/// A channel of a recording that is being read.
pub struct Transcription<'a> {
    transcriber: &'a Transcriber,
    memory: Memory,
    windows: Windows,
    languages: Languages,
    /// Samples of a block that is not full yet.
    waiting: Vec<f32>,
    segments: Vec<Segment>,
}

impl<'a> Transcription<'a> {
    pub(crate) fn new(transcriber: &'a Transcriber) -> Self {
        Self {
            transcriber,
            memory: Memory::new(),
            windows: Windows::new(),
            languages: Languages::default(),
            waiting: Vec::with_capacity(BLOCK),
            segments: Vec::new(),
        }
    }

    /// Takes the next samples, at [`SAMPLE_RATE`]. What is no number counts as silence.
    ///
    /// # Errors
    /// When a model fails.
    pub fn push(&mut self, mut samples: &[f32]) -> Result<(), SpeechError> {
        while !samples.is_empty() {
            let taken = samples.len().min(BLOCK - self.waiting.len());
            let (now, later) = samples.split_at(taken);
            let clean = now.iter().map(|x| if x.is_finite() { x.clamp(-1.0, 1.0) } else { 0.0 });
            self.waiting.extend(clean);
            samples = later;
            if self.waiting.len() == BLOCK {
                self.read_block()?;
            }
        }
        Ok(())
    }

    /// Reads what is left.
    ///
    /// # Errors
    /// When a model fails.
    pub fn finish(mut self) -> Result<Transcript, SpeechError> {
        self.waiting.resize(self.waiting.len().next_multiple_of(FRAME), 0.0);
        self.read_block()?;
        if let Some(window) = self.windows.finish() {
            self.read(&window)?;
        }
        let language = self.languages.most_spoken().and_then(iso_639_1);
        Ok(Transcript { segments: self.segments, language })
    }

    /// Looks for speech in what waits, and reads a window that is full.
    fn read_block(&mut self) -> Result<(), SpeechError> {
        let block = std::mem::take(&mut self.waiting);
        let speech = self.transcriber.vad.listen(&mut self.memory, &block)?;
        for (frame, probability) in block.chunks_exact(FRAME).zip(speech) {
            if let Some(window) = self.windows.add(frame, probability) {
                self.read(&window)?;
            }
        }
        self.waiting = block;
        self.waiting.clear();
        Ok(())
    }

    /// Reads a window; what the model left out at its end is read again.
    fn read(&mut self, window: &Window) -> Result<(), SpeechError> {
        let mut from = 0.0;
        for _ in 0..PASSES {
            let spoken = window.speech_between(from, window.seconds());
            let rest = &window.samples[sample_at(from).min(window.samples.len())..];
            let heard = self.transcriber.encode(rest)?;
            let language = self
                .transcriber
                .language(&heard)?
                .map(|guess| self.languages.of_window(guess, spoken));
            let seconds = window.seconds() - from;
            let said = decoding::decode(self.transcriber, &heard, language.as_deref(), seconds)?;
            let texts = tokens::timed(&said.tokens, seconds);
            let until = texts.last().map_or(seconds, |last| last.end);
            self.keep(window, from, &said, language.as_deref(), texts);
            from += until;
            let left = window.speech_between(from + 0.1, window.seconds());
            if until < 1.0 || left < WORTH_ANOTHER {
                break;
            }
        }
        Ok(())
    }

    /// Keeps the texts that were said.
    fn keep(
        &mut self,
        window: &Window,
        from: f64,
        said: &Said,
        language: Option<&str>,
        texts: Vec<Timed>,
    ) {
        if said.is_nothing() {
            return;
        }
        let doubtful =
            said.avg_logprob < BELIEVED_LOGPROB || said.no_speech_prob > BELIEVED_NO_SPEECH;
        for Timed { start, end, text } in texts {
            let spoken = window.speech_between(from + start, from + end);
            let text = guards::without_loops(&text);
            let made_up = doubtful && guards::is_often_made_up(&text);
            if text.is_empty() || made_up || spoken < LEAST_SPEECH || self.repeats(&text) {
                continue;
            }
            self.segments.push(Segment {
                start: window.beginning(from + start),
                end: window.ending(from + end),
                text,
                language: language.and_then(iso_639_1),
                no_speech_prob: said.no_speech_prob,
                avg_logprob: said.avg_logprob,
            });
        }
    }

    /// Whether the text was said twice in a row already.
    fn repeats(&self, text: &str) -> bool {
        let last = self.segments.iter().rev().take(2);
        self.segments.len() >= 2 && last.into_iter().all(|segment| segment.text == text)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "30 s at most")]
fn sample_at(seconds: f64) -> usize {
    (seconds * f64::from(SAMPLE_RATE)) as usize
}
