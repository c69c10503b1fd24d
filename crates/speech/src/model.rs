//! Whisper and what belongs to it.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use ct2rs::{
    ComputeType, Config, Device,
    sys::{StorageView, Whisper},
};

use crate::{
    SpeechError, Transcription,
    language::Guess,
    mel::{BANDS, FRAMES, LogMel},
    vad::Vad,
};

/// The seed of what is left to chance, so that a recording is read the same every time.
const SEED: u32 = 1;

/// Reads speech. Whisper itself is loaded when somebody speaks for the first time.
///
/// A window is read by one thread, as `CTranslate2` multiplies matrices in one thread here; several threads
/// read several windows at once, each with a copy of the weights (75 MB).
pub struct Transcriber {
    dir: PathBuf,
    pub(crate) threads: usize,
    whisper: OnceLock<Whisper>,
    mel: LogMel,
    pub(crate) vad: Vad,
}

impl Transcriber {
    /// Makes ready the models of a folder: `model.bin`, `config.json` and `vocabulary.txt` of Whisper in
    /// the form of `CTranslate2`, and `vad.onnx`, Silero's finder of speech.
    ///
    /// # Errors
    /// When a file is missing, or the finder of speech is broken. A broken Whisper is noticed when it
    /// is needed.
    pub fn load(dir: &Path, threads: usize) -> Result<Self, SpeechError> {
        for file in ["model.bin", "config.json", "vocabulary.txt", "vad.onnx"] {
            if !dir.join(file).is_file() {
                return Err(SpeechError::Missing(file.to_owned()));
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            threads: threads.max(1),
            whisper: OnceLock::new(),
            mel: LogMel::new(),
            vad: Vad::load(&dir.join("vad.onnx"))?,
        })
    }

    /// Begins with a recording of one channel.
    #[must_use]
    pub fn begin(&self) -> Transcription<'_> {
        Transcription::new(self)
    }

    /// Whisper, loaded when it is asked for.
    /// It is loaded for so many windows at once.
    pub(crate) fn whisper(&self, windows: usize) -> Result<&Whisper, SpeechError> {
        if let Some(whisper) = self.whisper.get() {
            return Ok(whisper);
        }
        ct2rs::set_random_seed(SEED);
        let config = Config {
            device: Device::CPU,
            compute_type: ComputeType::INT8,
            device_indices: vec![0; windows.clamp(1, self.threads)],
            num_threads_per_replica: 1,
            ..Config::default()
        };
        let whisper = Whisper::new(&self.dir, config).map_err(failed)?;
        if whisper.n_mels() != BANDS {
            return Err(SpeechError::Whisper("it hears another number of bands".to_owned()));
        }
        Ok(self.whisper.get_or_init(|| whisper))
    }

    /// What Whisper makes of at most 30 seconds of sound, before it says what it heard.
    pub(crate) fn encode(
        &self,
        whisper: &Whisper,
        samples: &[f32],
    ) -> Result<StorageView<'static>, SpeechError> {
        let mut mel = self.mel.spectrogram(samples);
        let features =
            StorageView::new(&[1, BANDS, FRAMES], &mut mel, Device::CPU).map_err(failed)?;
        whisper.encode(&features, true).map_err(failed)
    }
}

/// The likeliest language; `None` where the model knows but one.
pub fn language(whisper: &Whisper, heard: &StorageView<'_>) -> Result<Option<Guess>, SpeechError> {
    if !whisper.is_multilingual() {
        return Ok(None);
    }
    let all = whisper.detect_language(heard).map_err(failed)?;
    let best = all.into_iter().next().and_then(|guesses| guesses.into_iter().next());
    Ok(best.map(|best| Guess {
        language: best.language.trim_matches(['<', '|', '>']).to_owned(),
        probability: best.probability,
    }))
}

/// What `CTranslate2` says when it fails.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
pub fn failed(why: impl ToString) -> SpeechError {
    SpeechError::Whisper(why.to_string())
}
