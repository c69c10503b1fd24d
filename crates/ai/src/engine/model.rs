//! What was learnt from people, in the form in which it is kept.

use atc_core::{category::Slug, id::TicketNumber, ports::EngineError};
use serde::{Deserialize, Serialize};

use crate::classifier::Classifier;

/// Counts every change of the form; a model of another form is learnt anew.
const FORM: u32 = 2;

/// A trained model.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Model {
    form: u32,
    /// Which embeddings it was trained on; `None`: on words alone.
    pub embeddings: Option<String>,
    /// Whether titles were a view of their own.
    pub titles: bool,
    /// How many labelled tickets it learnt from.
    pub labels: usize,
    /// The categories, where any had labels.
    pub categories: Option<Categories>,
    /// The priorities, in the order of `Priority::ALL`, where any had labels.
    pub priorities: Option<Classifier>,
}

/// What was learnt of categories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Categories {
    pub classifier: Classifier,
    /// The category of each class.
    pub slugs: Vec<Slug>,
    /// The ticket of each labelled text.
    pub tickets: Vec<TicketNumber>,
}

impl Model {
    pub fn new(embeddings: Option<String>, titles: bool, labels: usize) -> Self {
        Self { form: FORM, embeddings, titles, labels, ..Self::default() }
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>, EngineError> {
        postcard::to_stdvec(self).map_err(|e| EngineError::Model(Box::new(e)))
    }

    /// Reads a model that was trained on these embeddings.
    pub fn from_bytes(bytes: &[u8], embedding_model: Option<&str>) -> Result<Self, EngineError> {
        let (form, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|e| unreadable(&e))?;
        if form != FORM {
            return Err(EngineError::BadModel(format!("it has form {form}, not {FORM}")));
        }
        let model: Self = postcard::from_bytes(bytes).map_err(|e| unreadable(&e))?;
        if model.embeddings.as_deref() != embedding_model {
            let (was, is) = (model.embeddings.as_deref(), embedding_model);
            let why = format!("it knows the embeddings of {was:?}, not of {is:?}");
            return Err(EngineError::BadModel(why));
        }
        Ok(model)
    }
}

fn unreadable(e: &postcard::Error) -> EngineError {
    EngineError::BadModel(e.to_string())
}
