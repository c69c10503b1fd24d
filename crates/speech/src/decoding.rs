//! Says what was heard in a window, again and more freely while the result is no good (Radford et al.,
//! section 4.5, and `whisper/transcribe.py`).

use ct2rs::sys::{StorageView, Whisper, WhisperOptions};

use crate::{SpeechError, guards::compression_ratio, model::failed, tokens};

/// The temperatures that are tried one after another.
const TEMPERATURES: [f32; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
/// Ways that are followed at once when nothing is left to chance (as in Whisper's own program).
const BEAM: usize = 5;
/// Texts that are drawn at a temperature; the best one is taken.
const DRAWS: usize = 5;
/// A text that packs better than this repeats itself.
const MAX_COMPRESSION: f64 = 2.4;
/// A mean logarithm of the tokens' probability below this is a guess.
const MIN_LOGPROB: f64 = -1.0;
/// From this probability on nobody speaks, if the text is a guess as well.
const NO_SPEECH: f64 = 0.6;
/// Nobody says more tokens a second than this in any language; bounds loops in short sounds.
const TOKENS_A_SECOND: f64 = 20.0;
/// The most tokens of a text: half of what the model can look back on.
const MOST_TOKENS: usize = 224;

/// What was said in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The tokens of text and time.
    pub tokens: Vec<String>,
    /// The mean of the natural logarithms of the tokens' probabilities.
    pub avg_logprob: f64,
    /// The probability that nobody speaks.
    pub no_speech_prob: f64,
    /// Whether the text still repeats itself at the last temperature.
    pub loops: bool,
}

impl Said {
    /// Whether the model means that nobody speaks.
    pub fn is_nothing(&self) -> bool {
        self.no_speech_prob > NO_SPEECH && self.avg_logprob < MIN_LOGPROB
    }

    fn is_good(&self) -> bool {
        !self.loops && (self.avg_logprob >= MIN_LOGPROB || self.is_nothing())
    }
}

/// What was said in a sound of that length in seconds. Of texts that are no good, the likeliest is given.
pub fn decode(
    whisper: &Whisper,
    heard: &StorageView<'_>,
    language: Option<&str>,
    seconds: f64,
) -> Result<Said, SpeechError> {
    let mut best: Option<Said> = None;
    for temperature in TEMPERATURES {
        let said = decode_at(whisper, heard, language, seconds, temperature)?;
        if said.is_good() {
            return Ok(said);
        }
        let better = |old: &Said| (old.loops, said.avg_logprob) > (said.loops, old.avg_logprob);
        if best.as_ref().is_none_or(better) {
            best = Some(said);
        }
    }
    best.ok_or_else(|| failed("it said nothing"))
}

fn decode_at(
    whisper: &Whisper,
    heard: &StorageView<'_>,
    language: Option<&str>,
    seconds: f64,
    temperature: f32,
) -> Result<Said, SpeechError> {
    let mut prompt = vec!["<|startoftranscript|>".to_owned()];
    if let Some(language) = language {
        prompt.extend([format!("<|{language}|>"), "<|transcribe|>".to_owned()]);
    }
    let drawn = temperature > 0.0;
    let options = WhisperOptions {
        beam_size: if drawn { 1 } else { BEAM },
        num_hypotheses: if drawn { DRAWS } else { 1 },
        sampling_topk: usize::from(!drawn),
        sampling_temperature: if drawn { temperature } else { 1.0 },
        // It counts double: half of it is kept for a text before this one.
        max_length: 2 * most_tokens(seconds),
        return_scores: true,
        return_no_speech_prob: true,
        ..WhisperOptions::default()
    };
    let results = whisper.generate(heard, &[prompt], &options).map_err(failed)?;
    let result = results.into_iter().next().ok_or_else(|| failed("it said nothing"))?;
    let no_speech_prob = f64::from(result.no_speech_prob);
    let score = result.scores.first().copied().map_or(f64::NEG_INFINITY, f64::from);
    let tokens = result.sequences.into_iter().next().unwrap_or_default();
    // The score is the mean without the token that ends the text (as in faster-whisper).
    #[expect(clippy::cast_precision_loss, reason = "224 at most")]
    let avg_logprob = score * tokens.len() as f64 / (tokens.len() + 1) as f64;
    let loops = compression_ratio(&tokens::all_text(&tokens)) > MAX_COMPRESSION;
    Ok(Said { tokens, avg_logprob, no_speech_prob, loops })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "30 s at most")]
fn most_tokens(seconds: f64) -> usize {
    ((seconds * TOKENS_A_SECOND) as usize + 16).min(MOST_TOKENS)
}
