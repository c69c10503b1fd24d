//! The meaning of a text: all-MiniLM-L6-v2, quantised to eight bits.

use std::{path::Path, sync::Arc};

use atc_core::vector::Vector;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::{NdTensor, prelude::*};
use tokenizers::Tokenizer;

/// The most tokens that are read; what a text is about stands in its beginning.
const MAX_TOKENS: usize = 256;
/// The most characters that are read, runs of white space counted once: so many have more than
/// [`MAX_TOKENS`] tokens, unless they are hardly text. Bounds the tokenizer's time.
const MAX_CHARS: usize = 4_000;
/// The tokens before and after a text.
const BEGIN: u32 = 101;
const END: u32 = 102;

thread_local! {
    /// Each thread computes on one core: the pool of texts is what runs in parallel.
    static ONE_CORE: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
}

/// Why a text has no meaning.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbedderError {
    /// The model cannot be loaded.
    #[error("the embedding model cannot be loaded: {0}")]
    Model(#[from] rten::LoadError),
    /// The model is not of the expected form, or fails.
    #[error("the embedding model failed: {0}")]
    Run(#[from] rten::RunError),
    /// The tokenizer cannot be loaded, or fails.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(#[from] tokenizers::Error),
    /// What the model gives is no embedding.
    #[error("the model gave no embedding")]
    NoEmbedding,
}

/// Gives texts their meaning. One text at a time: the eight-bit model scales its numbers by what is
/// in the batch, so that a text's neighbours there would change its meaning.
pub(crate) struct Embedder {
    model: Model,
    tokenizer: Tokenizer,
    inputs: [NodeId; 3],
    output: NodeId,
}

impl Embedder {
    pub fn load(model: &Path, tokenizer: &Path) -> Result<Self, EmbedderError> {
        // Arranging the weights once instead of for every text halves the time of a short one.
        let model = ModelOptions::with_all_ops().prepack_weights(true).load_file(model)?;
        let mut tokenizer = Tokenizer::from_file(tokenizer)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None)?;
        let inputs = [
            model.node_id("input_ids")?,
            model.node_id("attention_mask")?,
            model.node_id("token_type_ids")?,
        ];
        let output = *model.output_ids().first().ok_or(EmbedderError::NoEmbedding)?;
        Ok(Self { model, tokenizer, inputs, output })
    }

    /// The mean of the last layer over all tokens, at unit length (Reimers and Gurevych,
    /// "Sentence-BERT", EMNLP 2019).
    pub fn embed(&self, text: &str) -> Result<Vector, EmbedderError> {
        let ids = self.tokens(text)?;
        let n = ids.len();
        let row = |values: Vec<i32>| NdTensor::from_data([1, n], values);
        let values = [row(ids), row(vec![1; n]), row(vec![0; n])];
        let inputs: Vec<(NodeId, ValueOrView)> =
            self.inputs.iter().copied().zip(values.into_iter().map(Into::into)).collect();
        let mut options = RunOptions::default();
        options.thread_pool = Some(ONE_CORE.with(Arc::clone));
        let mut outputs = self.model.run(inputs, &[self.output], Some(options))?;
        let hidden = outputs.pop().ok_or(EmbedderError::NoEmbedding)?;
        let hidden: NdTensor<f32, 3> = hidden.try_into().map_err(|_| EmbedderError::NoEmbedding)?;
        let width = hidden.size(2);
        let mut sums = vec![0.0f32; width];
        for (i, x) in hidden.iter().enumerate() {
            sums[i % width] += x;
        }
        Vector::normalised(sums).ok_or(EmbedderError::NoEmbedding)
    }

    fn tokens(&self, text: &str) -> Result<Vec<i32>, EmbedderError> {
        let encoded = self.tokenizer.encode_fast(bounded(text), false)?;
        let inner = encoded.get_ids().iter().copied().take(MAX_TOKENS - 2);
        let all = std::iter::once(BEGIN).chain(inner).chain(std::iter::once(END));
        // Tokens are numbers below 30,522.
        Ok(all.map(u32::cast_signed).collect())
    }
}

/// The beginning of a text, with one space for each run of white space, which has no tokens.
fn bounded(text: &str) -> String {
    let mut after_space = false;
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|&c| !(std::mem::replace(&mut after_space, c == ' ') && c == ' '))
        .take(MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedder() -> Option<Embedder> {
        #[expect(clippy::disallowed_methods, reason = "tests read their environment")]
        let Ok(dir) = std::env::var("TEST_MODELS_DIR") else {
            eprintln!("skipped: TEST_MODELS_DIR is not set (./test sets it)");
            return None;
        };
        let manifest = crate::models::Manifest::embedded().unwrap();
        let spec = manifest.model("all-minilm-l6-v2-int8").unwrap();
        let found = crate::models::installed::verify(Path::new(&dir), spec).unwrap();
        Some(Embedder::load(&found.file("model.onnx"), &found.file("tokenizer.json")).unwrap())
    }

    #[test]
    fn texts_of_like_meaning_are_near() {
        let Some(embedder) = embedder() else { return };
        let [a, b, c] = ["I cannot log in", "Sign-in does not work for me", "The soup is too hot"]
            .map(|text| embedder.embed(text).unwrap());
        assert!(a.cosine(&b) > 0.5 && a.cosine(&c) < 0.3, "{} {}", a.cosine(&b), a.cosine(&c));
        assert_eq!(a, embedder.embed("I cannot log in").unwrap(), "the same every time");
    }

    #[test]
    fn any_text_has_a_meaning() {
        let Some(embedder) = embedder() else { return };
        for text in ["", " ", "\u{200d}", &"🔥".repeat(50_000), &"a".repeat(50_000), "\u{0}"] {
            embedder.embed(text).unwrap();
        }
    }

    #[test]
    fn long_texts_are_cut_and_white_space_does_not_count() {
        assert_eq!(bounded(&"a".repeat(50_000)).len(), MAX_CHARS);
        assert_eq!(bounded(&format!("a{}b \n\tc", " ".repeat(50_000))), "a b c");
    }

    /// What stands behind a long run without spaces is read, as the model's own tokenizer does.
    #[test]
    fn runs_without_spaces_are_read_to_their_end() {
        let Some(embedder) = embedder() else { return };
        let chinese = "我无法登录我的账户。".repeat(20);
        assert!(embedder.tokens(&chinese).unwrap().len() > 190);
        let json = format!("[{}]", [r#"{"status":"failed"}"#; 30].join(","));
        assert!(embedder.tokens(&json).unwrap().len() > 250);
        let word = embedder.tokens(&"a".repeat(50_000)).unwrap();
        assert_eq!(word.len(), 3, "a word of such a length is unknown");
    }
}
