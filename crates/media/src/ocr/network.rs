//! One model and how it is run.

use std::{path::Path, sync::Arc};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::{NdTensor, Tensor};

use crate::reader::ReadError;

/// A model with one input and one output.
pub(super) struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
}

impl Network {
    /// # Errors
    /// [`ReadError::Unavailable`] when the file is missing or is no such model.
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        if !path.is_file() {
            return Err(ReadError::unavailable(
                "The models that read pictures are missing: run \"ai-tickets models fetch\".",
            ));
        }
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(path)
            .map_err(|error| broken(path, &error))?;
        let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
            return Err(broken(path, &"it is another model"));
        };
        Ok(Self { model, input, output })
    }

    /// What the model's file says under this key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.model.metadata().get(key)
    }

    /// Runs it on the threads of `pool`.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when the model fails.
    pub fn run(
        &self,
        input: NdTensor<f32, 4>,
        pool: &Arc<ThreadPool>,
    ) -> Result<Tensor<f32>, ReadError> {
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(pool));
        let inputs: Vec<(NodeId, ValueOrView)> = vec![(self.input, input.into())];
        let [output] = self.model.run_n(inputs, [self.output], Some(options)).map_err(failed)?;
        output.try_into().map_err(|_| failed("it gave no numbers"))
    }
}

fn broken(path: &Path, why: &dyn std::fmt::Display) -> ReadError {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ReadError::unavailable(format!(
        "The model {name} that reads pictures cannot be loaded ({why}): \
         run \"ai-tickets models fetch\"."
    ))
}

/// A model that does not do what it should.
pub(super) fn failed(why: impl std::fmt::Display) -> ReadError {
    ReadError::unavailable(format!("A model that reads pictures failed: {why}."))
}
