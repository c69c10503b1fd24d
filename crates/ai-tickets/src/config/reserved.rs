//! Keys of features that are to come. A value that could not be legal is told today already, so
//! that an update does not stop an installation.

use super::{fault::Reader, parse};

/// Notes what cannot be legal; nothing else is done with these keys.
pub(super) fn check(r: &mut Reader<'_>) {
    let _ = r.optional("AI_CONFIG", "./ai_config.yaml", parse::path);
    let any = |_: &str| Ok(());
    let _ = r.optional("OPENAI_API_KEY", "sk-…", any);
    let _ = r.optional("OPENAI_BASE_URL", "https://api.openai.com/v1", any);
    let _ = r.optional("ANTHROPIC_API_KEY", "sk-ant-…", any);
    let _ = r.optional("ANTHROPIC_BASE_URL", "https://api.anthropic.com", any);
}
