//! What the agent may call: each tool is a use case, called with the rights of the person.

mod arguments;
mod external;
mod look_up;
mod write;

use atc_core::{Error, chat::ToolCall, chat::ToolSpec, json::RawJson, policy::Action};

pub(super) use look_up::{latest_comments, like, pieces, whole as whole_ticket};

use super::turn::{AssistantNews, Turn};
use crate::{agents::fenced, tool_servers::AllowedTool};

/// The most characters that a tool gives a model.
const MOST_RESULT_CHARS: usize = 8_000;
/// The most characters of a fault that a model is told.
const MOST_FAULT_CHARS: usize = 500;

/// A tool of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    SearchKnowledge,
    SearchTickets,
    GetTicket,
    ReadFileText,
    DraftTicket,
    CreateTicket,
    AddComment,
}

impl Tool {
    pub const ALL: [Self; 7] = [
        Self::SearchKnowledge,
        Self::SearchTickets,
        Self::GetTicket,
        Self::ReadFileText,
        Self::DraftTicket,
        Self::CreateTicket,
        Self::AddComment,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SearchKnowledge => "search_knowledge_base",
            Self::SearchTickets => "search_tickets",
            Self::GetTicket => "get_ticket",
            Self::ReadFileText => "read_file_text",
            Self::DraftTicket => "draft_ticket",
            Self::CreateTicket => "create_ticket",
            Self::AddComment => "add_comment",
        }
    }

    /// What the person must be allowed to do.
    pub const fn action(self) -> Action {
        match self {
            Self::SearchKnowledge => Action::ReadKnowledge,
            Self::SearchTickets | Self::GetTicket => Action::ReadTickets,
            Self::ReadFileText => Action::ReadFiles,
            Self::DraftTicket | Self::CreateTicket => Action::CreateTicket,
            Self::AddComment => Action::WriteComments,
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::SearchKnowledge => {
                "Help articles that answer a question, best first, each with the passage that fits."
            }
            Self::SearchTickets => {
                "Tickets of the person (of everybody, for staff) by words or by likeness."
            }
            Self::GetTicket => {
                "One ticket: its status, its text, its latest comments and its files. Also the way to look \
                 up how far a ticket is."
            }
            Self::ReadFileText => {
                "What was read in a file of a ticket, by page or by second; with `find`, the places where \
                 these words stand."
            }
            Self::DraftTicket => {
                "Show the person a ticket that could be made. Nothing is stored until they approve it."
            }
            Self::CreateTicket => {
                "Make a ticket, if the person asks for one. Category, priority and routing are decided from \
                 the text."
            }
            Self::AddComment => {
                "Add a comment to the ticket that this conversation is about, or made."
            }
        }
    }

    const fn parameters(self) -> &'static str {
        match self {
            Self::SearchKnowledge => arguments::QUERY_SCHEMA,
            Self::SearchTickets => arguments::SEARCH_TICKETS_SCHEMA,
            Self::GetTicket => arguments::GET_TICKET_SCHEMA,
            Self::ReadFileText => arguments::READ_FILE_SCHEMA,
            Self::DraftTicket | Self::CreateTicket => arguments::TICKET_SCHEMA,
            Self::AddComment => arguments::COMMENT_SCHEMA,
        }
    }

    fn spec(self) -> ToolSpec {
        ToolSpec {
            name: self.name().to_owned(),
            description: self.about().to_owned(),
            parameters: RawJson::trusted(self.parameters().to_owned()),
        }
    }
}

/// The names of the tools of ours.
pub fn assistant_tools() -> impl Iterator<Item = &'static str> {
    Tool::ALL.into_iter().map(Tool::name)
}

/// What a turn may call.
pub(super) struct Toolbox {
    own: Vec<Tool>,
    external: Vec<AllowedTool>,
}

impl Toolbox {
    /// What the administrator and the rights of the person leave open.
    pub async fn of(turn: &Turn<'_>, allowed: Option<&[String]>) -> Self {
        let named = |name: &str| allowed.is_none_or(|list| list.iter().any(|n| n == name));
        let caller = &turn.ctx.caller;
        let may = |tool: &Tool| atc_core::policy::authorize(caller, tool.action()).is_ok();
        let own = Tool::ALL.into_iter().filter(|t| named(t.name())).filter(may).collect();
        let mut external = turn.app.external_tools().await;
        external.retain(|tool| named(&tool.spec.name));
        Self { own, external }
    }

    /// As a model is told of them.
    pub fn specs(&self) -> Vec<ToolSpec> {
        let external = self.external.iter().map(|tool| tool.spec.clone());
        self.own.iter().map(|tool| tool.spec()).chain(external).collect()
    }

    /// Runs a call. Whatever goes wrong is told to the model in words.
    pub async fn run(&self, turn: &mut Turn<'_>, call: &ToolCall) -> String {
        let own = self.own.iter().find(|tool| tool.name() == call.name);
        let outcome = if let Some(tool) = own {
            turn.tell(AssistantNews::Tool(call.name.clone()));
            self.run_own(turn, *tool, &call.arguments).await
        } else if let Some(tool) = self.external.iter().find(|t| t.spec.name == call.name) {
            turn.tell(AssistantNews::Tool(call.name.clone()));
            external::run(turn, tool, &call.arguments).await
        } else {
            Err(Fault::Call(self.unknown()))
        };
        let outcome = match outcome {
            Ok(text) => ("ok", text),
            Err(fault) => ("fault", bounded(&fault.into_text(), MOST_FAULT_CHARS)),
        };
        metrics::counter!("assistant_tool_calls_total", "outcome" => outcome.0).increment(1);
        outcome.1
    }

    async fn run_own(
        &self,
        turn: &mut Turn<'_>,
        tool: Tool,
        arguments: &RawJson,
    ) -> Result<String, Fault> {
        turn.authorize(tool.action()).await?;
        match tool {
            Tool::SearchKnowledge => look_up::knowledge(turn, arguments::read(arguments)?).await,
            Tool::SearchTickets => look_up::tickets(turn, arguments::read(arguments)?).await,
            Tool::GetTicket => look_up::ticket(turn, arguments::read(arguments)?).await,
            Tool::ReadFileText => look_up::file(turn, arguments::read(arguments)?).await,
            Tool::DraftTicket => write::draft_ticket(turn, arguments::read(arguments)?).await,
            Tool::CreateTicket => write::create_ticket(turn, arguments::read(arguments)?).await,
            Tool::AddComment => write::add_comment(turn, arguments::read(arguments)?).await,
        }
    }

    fn unknown(&self) -> String {
        let external = self.external.iter().map(|tool| tool.spec.name.as_str());
        let names: Vec<_> = self.own.iter().map(|tool| tool.name()).chain(external).collect();
        format!("There is no such tool. There is {}.", names.join(", "))
    }
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The call is wrong, in words for the model.
    Call(String),
    /// The use case refused or failed.
    Use(Error),
}

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        Self::Use(e)
    }
}

impl Fault {
    /// A call that cannot be done.
    pub fn call(text: impl Into<String>) -> Self {
        Self::Call(text.into())
    }

    fn into_text(self) -> String {
        match self {
            Self::Call(text) => format!("Not done: {text}"),
            Self::Use(e) => {
                if e.code == atc_core::ErrorCode::Internal {
                    tracing::error!(
                        error = &e as &dyn std::error::Error,
                        "a tool of the assistant failed"
                    );
                }
                let faults: Vec<_> = e.fields.iter().map(|f| f.message.as_str()).collect();
                format!("Not done: {} {}", e.detail, faults.join(" ")).trim_end().to_owned()
            }
        }
    }
}

/// What others wrote, within its bounds, fenced as data.
pub(super) fn data(turn: &Turn<'_>, kind: &str, text: &str) -> String {
    fenced(turn.app.entropy.as_ref(), kind, &bounded(text, MOST_RESULT_CHARS))
}

/// A text of at most so many characters, which says where it was cut.
pub(super) fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}\n(cut here: there is more)", &text[..end]),
        None => text.to_owned(),
    }
}
