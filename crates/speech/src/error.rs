//! Why speech cannot be read.

/// Why speech cannot be read. It is never the recording's fault.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// A file of the model is not there.
    #[error("the speech model lacks {0}")]
    Missing(String),
    /// Whisper cannot be loaded, or fails.
    #[error("the speech model failed: {0}")]
    Whisper(String),
    /// The model that finds speech cannot be loaded.
    #[error("the model that finds speech cannot be loaded: {0}")]
    VadLoad(#[from] rten::LoadError),
    /// The model that finds speech fails.
    #[error("the model that finds speech failed: {0}")]
    VadRun(#[from] rten::RunError),
    /// The model that finds speech is another one.
    #[error("the model that finds speech is not of the expected form")]
    VadForm,
}
