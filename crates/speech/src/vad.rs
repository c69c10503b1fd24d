//! Where somebody speaks: Silero VAD 6, which gives a probability of speech every 32 ms.

use std::{path::Path, sync::Arc};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::{NdTensor, prelude::*};

use crate::SpeechError;

/// Samples of a frame: 32 ms.
pub const FRAME: usize = 512;
/// Samples before a frame that the model sees with it.
const CONTEXT: usize = 64;
/// Numbers in each of the two memories of the model.
const MEMORY: usize = 128;
/// Sound that never leaves this is silence (-70 dB of the full scale), and no model is asked.
const SILENCE: f32 = 3.2e-4;

/// Finds speech.
pub struct Vad {
    model: Model,
    inputs: [NodeId; 3],
    outputs: [NodeId; 3],
    threads: Arc<ThreadPool>,
}

/// What the model remembers of one channel.
pub struct Memory {
    context: [f32; CONTEXT],
    hidden: NdTensor<f32, 3>,
    cell: NdTensor<f32, 3>,
}

impl Memory {
    pub fn new() -> Self {
        let zeros = || NdTensor::zeros([1, 1, MEMORY]);
        Self { context: [0.0; CONTEXT], hidden: zeros(), cell: zeros() }
    }
}

impl Vad {
    pub fn load(path: &Path) -> Result<Self, SpeechError> {
        let model = ModelOptions::with_all_ops().prepack_weights(true).load_file(path)?;
        let node = |name| model.node_id(name);
        let inputs = [node("input")?, node("h")?, node("c")?];
        let outputs = [node("speech_probs")?, node("hn")?, node("cn")?];
        // So small a model only loses by being shared out.
        Ok(Self { model, inputs, outputs, threads: Arc::new(ThreadPool::with_num_threads(1)) })
    }

    /// The probability of speech in each whole frame of the samples, which follow those of the last
    /// call.
    pub fn listen(&self, memory: &mut Memory, samples: &[f32]) -> Result<Vec<f32>, SpeechError> {
        let (frames, _) = samples.as_chunks::<FRAME>();
        if samples.iter().all(|x| x.abs() < SILENCE) {
            *memory = Memory::new();
            return Ok(vec![0.0; frames.len()]);
        }
        let mut seen = Vec::with_capacity(frames.len() * (CONTEXT + FRAME));
        for frame in frames {
            seen.extend_from_slice(&memory.context);
            seen.extend_from_slice(frame);
            memory.context.copy_from_slice(&frame[FRAME - CONTEXT..]);
        }
        let seen = NdTensor::from_data([frames.len(), CONTEXT + FRAME], seen);
        let inputs: Vec<(NodeId, ValueOrView)> = vec![
            (self.inputs[0], seen.into()),
            (self.inputs[1], memory.hidden.view().into()),
            (self.inputs[2], memory.cell.view().into()),
        ];
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.threads));
        let outputs = self.model.run(inputs, &self.outputs, Some(options))?;
        let [speech, hidden, cell] =
            <[_; 3]>::try_from(outputs).map_err(|_| SpeechError::VadForm)?;
        let speech: NdTensor<f32, 1> = speech.try_into().map_err(|_| SpeechError::VadForm)?;
        memory.hidden = hidden.try_into().map_err(|_| SpeechError::VadForm)?;
        memory.cell = cell.try_into().map_err(|_| SpeechError::VadForm)?;
        if speech.len() == frames.len() { Ok(speech.to_vec()) } else { Err(SpeechError::VadForm) }
    }
}
