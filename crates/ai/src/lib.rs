//! The local models: triage, embeddings, training.
