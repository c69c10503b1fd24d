//! The prompts, and what completes their arguments.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock,
        GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument,
        PromptMessage, Reference, Role,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::{
    questions,
    tools::{IMAGE, PNG, embedded, text},
};

const SIMPLE: &str = "test_simple_prompt";
const ARGUMENTS: &str = "test_prompt_with_arguments";
const EMBEDDED: &str = "test_prompt_with_embedded_resource";
const PICTURE: &str = "test_prompt_with_image";
const ASKING: &str = "test_input_required_result_prompt";
/// The prompt that comes and goes.
const DYNAMIC: &str = "test_dynamic_prompt";
/// What the first argument may be.
const WORDS: [&str; 4] = ["paris", "park", "party", "testing"];

/// Every prompt, with or without the one that comes and goes.
pub fn all(with_dynamic: bool) -> Vec<Prompt> {
    let prompt = |name: &str, about: &str, arguments: &[&str]| {
        let argument = |name: &&str| PromptArgument::new(*name).with_required(true);
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        Prompt::new(name, Some(about), Some(arguments))
    };
    let mut all = vec![
        prompt(SIMPLE, "Takes no arguments.", &[]),
        prompt(ARGUMENTS, "Takes two arguments.", &["arg1", "arg2"]),
        prompt(EMBEDDED, "Comes with a resource.", &["resourceUri"]),
        prompt(PICTURE, "Comes with a picture.", &[]),
        prompt(ASKING, "Asks for its context first.", &[]),
    ];
    if with_dynamic {
        all.push(prompt(DYNAMIC, "Comes and goes.", &[]));
    }
    all
}

/// A prompt; `None` where it is none of the fixtures'.
pub fn get(
    request: &GetPromptRequestParams,
    context: &RequestContext<RoleServer>,
) -> Option<Result<GetPromptResponse, ErrorData>> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let messages = match request.name.as_str() {
        SIMPLE | DYNAMIC => vec![text("This is a simple prompt for testing.")],
        ARGUMENTS => {
            let (first, second) = (argument("arg1"), argument("arg2"));
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        EMBEDDED => vec![
            embedded(argument("resourceUri"), "Embedded resource content for testing."),
            text("Please process the embedded resource above."),
        ],
        PICTURE => {
            vec![ContentBlock::image(PNG, IMAGE), text("Please analyze the image above.")]
        }
        ASKING => {
            let answers = request.input_responses.as_ref();
            let Some(given) = questions::content(answers, "user_context", "context") else {
                let question = "What context should the prompt use?";
                let questions =
                    json!({"user_context": questions::elicitation(question, "context", "string")});
                return Some(questions::ask(context, questions, None));
            };
            vec![text(&format!("Mind this: {given}"))]
        }
        _ => return None,
    };
    let message = |content| PromptMessage::new(Role::User, content);
    Some(Ok(GetPromptResult::new(messages.into_iter().map(message).collect::<Vec<_>>()).into()))
}

/// What an argument may be that begins like this.
pub fn complete(request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let known = matches!(&request.r#ref, Reference::Prompt(prompt) if prompt.name == ARGUMENTS);
    let begins = |word: &&str| known && word.starts_with(&request.argument.value);
    let words = WORDS.into_iter().filter(begins).map(str::to_owned).collect();
    let completion =
        CompletionInfo::new(words).map_err(|text| ErrorData::internal_error(text, None))?;
    Ok(CompleteResult::new(completion))
}
