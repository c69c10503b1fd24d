//! Every tool.

use http::Method;

use super::tool::{
    Effect::{Adds, Changes, Reads},
    Evidence, Operation, Take, Tool, Work, named, needed, take,
};

/// What is usually worth knowing of a ticket in a list.
const ROW: &[&str] =
    &["number", "title", "status", "priority", "category", "assignee", "created_at", "updated_at"];
/// What is usually worth knowing of one ticket.
const WHOLE: &[&str] = &[
    "number",
    "id",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "tags",
    "requester",
    "assignee",
    "team",
    "attachments",
    "triage",
    "comments",
    "created_at",
    "updated_at",
    "version",
];
/// What is usually worth knowing of a ticket that was just made or changed.
const WRITTEN: &[&str] = &[
    "number", "id", "title", "status", "priority", "category", "tags", "assignee", "team",
    "triage", "version",
];

const TICKET: Take = named("ticket_id", "id");
const FILE: &[Take] = &[named("file_id", "id")];
const KEY: Take = named("idempotency_key", "Idempotency-Key");

/// What is read in a file, with what is usually worth knowing of it.
const fn reading(gives: &'static [&'static str]) -> Operation {
    Operation { method: Method::GET, path: "/files/{id}", takes: FILE, says: &[], gives }
}

/// The tools in the order in which they are listed, each with the operation behind it.
pub(super) static TOOLS: &[(Tool, Operation)] = &[
    (
        Tool {
            name: "create_ticket_from_text",
            title: "Create a ticket from plain words",
            about: "Make a ticket from a description in plain words. Title, category, priority, tags \
                    and routing come from the text; the answer shows them with the confidence, likely \
                    duplicates and help articles.",
            effect: Adds,
            work: Work::Plain,
        },
        Operation {
            method: Method::POST,
            path: "/tickets/ai",
            takes: &[take("text"), take("attachment_ids"), KEY],
            says: &[],
            gives: WRITTEN,
        },
    ),
    (
        Tool {
            name: "create_ticket",
            title: "Create a ticket",
            about: "Make a ticket whose title and description are known. Category and priority that \
                    are left out are filled in.",
            effect: Adds,
            work: Work::Plain,
        },
        Operation {
            method: Method::POST,
            path: "/tickets",
            takes: &[
                take("title"),
                take("description"),
                take("priority"),
                take("category"),
                take("tags"),
                take("attachment_ids"),
                take("assignee_id"),
                take("requester_email"),
                KEY,
            ],
            says: &[("source", "mcp")],
            gives: WRITTEN,
        },
    ),
    (
        Tool {
            name: "get_ticket",
            title: "Get a ticket",
            about: "One ticket by its number or id, with its comments, its triage (evidence, likely \
                    duplicates, help articles) and its attachments.",
            effect: Reads,
            work: Work::Conversation,
        },
        Operation {
            method: Method::GET,
            path: "/tickets/{id}",
            takes: &[TICKET],
            says: &[],
            gives: WHOLE,
        },
    ),
    (
        Tool {
            name: "list_tickets",
            title: "List tickets",
            about: "Tickets that match all filters, page by page.",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::GET,
            path: "/tickets",
            takes: &[
                take("status"),
                take("priority"),
                take("category"),
                take("assignee_id"),
                take("tag"),
                take("needs_review"),
                take("created_after"),
                take("sort"),
                take("limit"),
                take("cursor"),
            ],
            says: &[],
            gives: ROW,
        },
    ),
    (
        Tool {
            name: "search_tickets",
            title: "Search tickets",
            about: "Tickets whose title, description, comments or attachments hold all these words.",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::GET,
            path: "/tickets",
            takes: &[
                needed("query", "q"),
                take("status"),
                take("category"),
                take("limit"),
                take("cursor"),
            ],
            says: &[],
            gives: ROW,
        },
    ),
    (
        Tool {
            name: "update_ticket",
            title: "Update a ticket",
            about: "Change fields of a ticket; what is left out stays. A changed category or priority \
                    is a correction that triage learns from.",
            effect: Changes,
            work: Work::Plain,
        },
        Operation {
            method: Method::PATCH,
            path: "/tickets/{id}",
            takes: &[
                TICKET,
                take("title"),
                take("description"),
                take("status"),
                take("priority"),
                take("category"),
                take("tags"),
                take("assignee_id"),
                take("team_id"),
                named("version", "If-Match"),
            ],
            says: &[],
            gives: WRITTEN,
        },
    ),
    (
        Tool {
            name: "add_comment",
            title: "Comment on a ticket",
            about: "Add an answer to a ticket or, with internal=true, a note that only agents see.",
            effect: Adds,
            work: Work::Plain,
        },
        Operation {
            method: Method::POST,
            path: "/tickets/{id}/comments",
            takes: &[TICKET, take("body"), take("internal")],
            says: &[],
            gives: &["id", "ticket_id", "body", "internal", "created_at"],
        },
    ),
    (
        Tool {
            name: "search_knowledge_base",
            title: "Search the knowledge base",
            about: "Help articles that answer a question, best first, with the passage that fits.",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::GET,
            path: "/knowledge/search",
            takes: &[needed("query", "q"), take("limit"), take("mode")],
            says: &[],
            gives: &["article", "score", "snippet"],
        },
    ),
    (
        Tool {
            name: "categorize_issue",
            title: "Categorize an issue",
            about: "What category, priority and tags a text would get, how sure that is and why. \
                    Nothing is stored.",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::POST,
            path: "/ai/categorize",
            takes: &[take("text"), take("title")],
            says: &[],
            gives: &[
                "category",
                "priority",
                "confidence",
                "needs_review",
                "alternatives",
                "tags",
                "summary",
                "rationale",
                "duplicates",
                "articles",
                "degraded",
            ],
        },
    ),
    (
        Tool {
            name: "upload_file",
            title: "Upload a file",
            about: "Store a file, for a ticket where ticket_id is given. It is read in the background.",
            effect: Adds,
            work: Work::Evidence(Evidence::Stored),
        },
        Operation {
            method: Method::POST,
            path: "/files/upload",
            takes: &[],
            says: &[],
            gives: &["id", "filename", "content_type", "size", "status", "ticket_id"],
        },
    ),
    (
        Tool {
            name: "analyze_file",
            title: "Analyze a file",
            about: "Read a picture, a recording or a document and draft the ticket that it makes. No \
                    ticket is stored.",
            effect: Adds,
            work: Work::Evidence(Evidence::Analyzed),
        },
        Operation {
            method: Method::POST,
            path: "/ai/analyze-file",
            takes: &[take("file_id")],
            says: &[],
            gives: &["file_id", "summary", "text", "suggested_ticket"],
        },
    ),
    (
        Tool {
            name: "transcribe_audio",
            title: "Transcribe a recording",
            about: "What is said in a recording (audio or video), with times in seconds.",
            effect: Adds,
            work: Work::Evidence(Evidence::Heard),
        },
        reading(&["file_id", "text", "language", "segments"]),
    ),
    (
        Tool {
            name: "extract_text_from_image",
            title: "Read an image",
            about: "The text that stands in an image, a scan or a document.",
            effect: Adds,
            work: Work::Evidence(Evidence::Seen),
        },
        reading(&["file_id", "text", "language"]),
    ),
    (
        Tool {
            name: "list_integrations",
            title: "List integrations",
            about: "Which other systems are told what happens here, by webhook (administrators only).",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::GET,
            path: "/webhook-endpoints",
            takes: &[],
            says: &[],
            gives: &["id", "url", "description", "events", "enabled", "disabled_reason"],
        },
    ),
    (
        Tool {
            name: "get_system_health",
            title: "Get the system's health",
            about: "Whether the service works, part by part.",
            effect: Reads,
            work: Work::Plain,
        },
        Operation {
            method: Method::GET,
            path: "/health",
            takes: &[],
            says: &[],
            gives: &["status", "version", "uptime_s", "components"],
        },
    ),
];
