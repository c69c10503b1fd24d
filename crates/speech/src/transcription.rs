//! Reads one channel of a recording from its beginning to its end.

use std::thread;

use ct2rs::sys::{StorageView, Whisper};

use crate::{
    SAMPLE_RATE, SpeechError, Transcriber,
    decoding::{Said, decode},
    guards,
    language::{Guess, Languages, iso_639_1},
    model,
    tokens::{self, Timed},
    vad::{FRAME, Memory},
    windows::{Window, Windows},
};

/// Samples that are looked at for speech together: two seconds.
const BLOCK: usize = 64 * FRAME;
/// How often a window is read at the most when the model stops before its end.
const MOST_PASSES: usize = 4;
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
    /// Samples that are not looked at yet.
    block: Vec<f32>,
    /// Windows that are not read yet.
    full: Vec<Window>,
    segments: Vec<Segment>,
}

impl<'a> Transcription<'a> {
    pub(crate) fn new(transcriber: &'a Transcriber) -> Self {
        Self {
            transcriber,
            memory: Memory::new(),
            windows: Windows::new(),
            languages: Languages::default(),
            block: Vec::with_capacity(BLOCK),
            full: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// Takes the next samples, at [`SAMPLE_RATE`]. What is no number counts as silence.
    ///
    /// # Errors
    /// When a model fails.
    pub fn push(&mut self, mut samples: &[f32]) -> Result<(), SpeechError> {
        while !samples.is_empty() {
            let taken = samples.len().min(BLOCK - self.block.len());
            let (now, later) = samples.split_at(taken);
            let clean = now.iter().map(|x| if x.is_finite() { x.clamp(-1.0, 1.0) } else { 0.0 });
            self.block.extend(clean);
            samples = later;
            if self.block.len() == BLOCK {
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
        self.block.resize(self.block.len().next_multiple_of(FRAME), 0.0);
        self.read_block()?;
        self.full.extend(self.windows.finish());
        self.read_full()?;
        let language = self.languages.most_spoken().and_then(iso_639_1);
        Ok(Transcript { segments: self.segments, language })
    }

    /// Looks for speech in the block, and reads the windows that are full once each thread has one.
    fn read_block(&mut self) -> Result<(), SpeechError> {
        let block = std::mem::take(&mut self.block);
        let speech = self.transcriber.vad.listen(&mut self.memory, &block)?;
        for (frame, probability) in block.chunks_exact(FRAME).zip(speech) {
            self.full.extend(self.windows.add(frame, probability));
            if self.full.len() >= self.transcriber.threads {
                self.read_full()?;
            }
        }
        self.block = block;
        self.block.clear();
        Ok(())
    }

    /// Reads the windows that are full, at once.
    fn read_full(&mut self) -> Result<(), SpeechError> {
        let windows = std::mem::take(&mut self.full);
        if windows.is_empty() {
            return Ok(());
        }
        let reader =
            Reader { whisper: self.transcriber.whisper(windows.len())?, of: self.transcriber };
        let heard = at_once(windows, |window| reader.listen(window))?;
        let languages = &mut self.languages;
        let heard = heard.into_iter().map(|mut heard| {
            let spoken = heard.window.speech_between(0.0, heard.window.seconds());
            heard.certain = heard.guess.as_ref().is_none_or(Guess::is_certain);
            heard.language = heard.guess.take().map(|guess| languages.of_window(guess, spoken));
            heard
        });
        for (heard, passes) in at_once(heard.collect(), |heard| reader.read(heard))? {
            for pass in passes {
                self.keep(&heard, pass);
            }
        }
        Ok(())
    }

    /// Keeps the texts that were said.
    fn keep(&mut self, heard: &Listened, pass: Pass) {
        let Pass { from, said, texts } = pass;
        let (window, language) = (&heard.window, heard.language.as_deref());
        let doubtful =
            said.avg_logprob < BELIEVED_LOGPROB || said.no_speech_prob > BELIEVED_NO_SPEECH;
        // A guess in a language that is a guess is a noise that sounds like a voice.
        if said.is_nothing() || (doubtful && !heard.certain) {
            return;
        }
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

/// Reads windows.
struct Reader<'a> {
    whisper: &'a Whisper,
    of: &'a Transcriber,
}

/// A window that was listened to, before it is known in which language it is to be read.
struct Listened {
    window: Window,
    encoded: StorageView<'static>,
    guess: Option<Guess>,
    language: Option<String>,
    /// Whether the model is sure of the language.
    certain: bool,
}

/// What was said from a time in a window on.
struct Pass {
    from: f64,
    said: Said,
    /// Their times are those from there on.
    texts: Vec<Timed>,
}

impl Reader<'_> {
    fn listen(&self, window: Window) -> Result<Listened, SpeechError> {
        let encoded = self.of.encode(self.whisper, &window.samples)?;
        let guess = model::language(self.whisper, &encoded)?;
        Ok(Listened { window, encoded, guess, language: None, certain: false })
    }

    /// Reads a window; what the model left out at its end is listened to and read again.
    fn read(&self, mut heard: Listened) -> Result<(Listened, Vec<Pass>), SpeechError> {
        let mut passes = Vec::new();
        let mut from = 0.0;
        loop {
            let seconds = heard.window.seconds() - from;
            let language = heard.language.as_deref();
            let said = decode(self.whisper, &heard.encoded, language, seconds)?;
            let texts = tokens::timed(&said.tokens, seconds);
            let until = texts.last().map_or(seconds, |last| last.end);
            passes.push(Pass { from, said, texts });
            from += until;
            let left = heard.window.speech_between(from + 0.1, heard.window.seconds());
            if until < 1.0 || left < WORTH_ANOTHER || passes.len() == MOST_PASSES {
                return Ok((heard, passes));
            }
            let rest = heard.window.samples.get(sample_at(from)..).unwrap_or_default();
            heard.encoded = self.of.encode(self.whisper, rest)?;
        }
    }
}

/// Does the same with everything at once, each in a thread of its own; they are a few.
fn at_once<T: Send, R: Send>(
    all: Vec<T>,
    work: impl Fn(T) -> Result<R, SpeechError> + Sync,
) -> Result<Vec<R>, SpeechError> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = all.into_iter().map(|one| scope.spawn(move || work(one))).collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(model::failed("it broke off"))));
        ended.collect()
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "30 s at most")]
fn sample_at(seconds: f64) -> usize {
    (seconds * f64::from(SAMPLE_RATE)) as usize
}
