//! The OpenAPI document, made of the table of routes.

use std::collections::{BTreeMap, HashSet};

use atc_core::ErrorCode;
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
        ResponseBuilder,
        extensions::Extensions,
        path::Operation,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    ApiState,
    endpoint::{Access, Endpoint},
    health, metrics,
    problem::{FaultBody, ProblemBody},
    v1,
    wire::{HistoryWindow, JobState, SearchMode},
    ws,
};

const SCHEME: &str = "bearer";

/// What the document begins with.
pub(crate) fn preface() -> OpenApi {
    let info = InfoBuilder::new()
        .title("AI Ticket Creator")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A ticket from plain words. Errors are problem documents (RFC 9457); lists turn by \
             cursor; `Idempotency-Key` makes a creation safe to repeat; `ETag` and `If-Match` \
             guard a change.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let shared = [
        (ProblemBody::name(), ProblemBody::schema()),
        (FaultBody::name(), FaultBody::schema()),
        // Parameters name their types without bringing them along.
        (SearchMode::name(), SearchMode::schema()),
        (HistoryWindow::name(), HistoryWindow::schema()),
        (JobState::name(), JobState::schema()),
    ];
    for (name, schema) in shared {
        components.schemas.insert(name.into_owned(), schema);
    }
    document
}

/// Puts what every endpoint has in common into its description: who may use it, how it fails.
pub(crate) fn complete(endpoint: &mut Endpoint) {
    let access = endpoint.access;
    for (path, item) in &mut endpoint.routes.1.paths {
        let takes_parameters = path.contains('{');
        for (method, operation) in operations_mut(item) {
            describe(operation, method, access, takes_parameters);
        }
    }
}

fn describe(operation: &mut Operation, method: &str, access: Access, takes_parameters: bool) {
    if method == "put" {
        // One handler serves PUT and PATCH, but an operation's id is its own.
        operation.operation_id = operation.operation_id.as_ref().map(|id| format!("{id}_by_put"));
    }
    let mut failures = vec![ErrorCode::RateLimited, ErrorCode::Internal];
    if let Access::Can(action) = access {
        failures.extend([ErrorCode::Unauthenticated, ErrorCode::Forbidden]);
        let scopes: [String; 0] = [];
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, scopes)]);
        let needs = action.requirement();
        let facts = json!({
            "action": action.as_str(),
            "role": needs.role.as_str(),
            "scope": needs.scope.map(atc_core::token::Scope::as_str),
        });
        operation
            .extensions
            .get_or_insert_default()
            .merge(Extensions::from_iter([("x-access", facts)]));
    } else {
        operation.security = Some(vec![SecurityRequirement::default()]);
    }
    if takes_parameters {
        failures.push(ErrorCode::NotFound);
    }
    if operation.request_body.is_some() {
        failures.extend([
            ErrorCode::Malformed,
            ErrorCode::PayloadTooLarge,
            ErrorCode::UnsupportedMediaType,
        ]);
    }
    if operation.request_body.is_some() || operation.parameters.is_some() {
        failures.push(ErrorCode::Invalid);
    }
    if matches!(method, "put" | "patch" | "delete" | "post") && access != Access::Public {
        failures.push(ErrorCode::Conflict);
    }
    if matches!(method, "put" | "patch" | "delete") && takes_parameters {
        failures.push(ErrorCode::PreconditionFailed);
    }
    for code in failures {
        let problem = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(ProblemBody::name()))))
            .build();
        let response = ResponseBuilder::new()
            .description(code.title())
            .content("application/problem+json", problem)
            .build();
        let known = &mut operation.responses.responses;
        known.entry(code.status().to_string()).or_insert(RefOr::T(response));
    }
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("patch", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Every described route: those of the API under their prefix, and those of the system.
pub(crate) fn described(endpoints: Vec<Endpoint>) -> OpenApiRouter<ApiState> {
    endpoints.into_iter().fold(OpenApiRouter::new(), |router, mut endpoint| {
        complete(&mut endpoint);
        router.routes(endpoint.routes)
    })
}

/// The routes that belong to the system rather than to a version of the API.
pub(crate) fn system() -> Vec<Endpoint> {
    vec![health::report::endpoint(), health::live::endpoint(), health::ready::endpoint()]
}

/// The system's routes that need a credential.
pub(crate) fn guarded_system() -> Vec<Endpoint> {
    vec![metrics::endpoint()]
}

/// The OpenAPI 3.1 document, as JSON.
#[must_use]
pub fn document() -> String {
    let router = OpenApiRouter::with_openapi(preface())
        .nest(v1::PREFIX, described(v1::endpoints()))
        .nest(v1::PREFIX, described(v1::streamed()))
        .merge(described(system()))
        .merge(described(guarded_system()))
        .merge(described(ws::endpoints()));
    let mut document = router.into_openapi();
    document.tags = Some(tags(&document));
    // A document of maps, lists and texts always serialises.
    let mut json = document.to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}

fn tags(document: &OpenApi) -> Vec<utoipa::openapi::Tag> {
    let order = [
        ("Accounts", "Registering, logging in, one's own account and API tokens."),
        ("Tickets", "Making, finding and changing tickets."),
        ("Comments", "Answers and internal notes."),
        ("Files", "Evidence: pictures, recordings and documents, and what was read in them."),
        ("Live", "What happens, as it happens: a list, a stream, sockets."),
        ("Notifications", "What concerns oneself."),
        ("AI", "Asking the models without storing anything."),
        ("Assistant", "Talking with the customer support agent, and deciding on what it proposes."),
        ("Knowledge", "Help articles, found by meaning."),
        ("Categories", "What kinds of tickets there are; triage reads them."),
        ("Teams", "Who works on which category."),
        ("Users", "Accounts, for administrators."),
        ("Tool servers", "MCP servers of others whose tools agents may use, for administrators."),
        ("Webhooks", "Other systems that are told what happens, for administrators."),
        ("Jobs", "Work beside the requests and its queues, for administrators."),
        ("System", "How the service fares."),
    ];
    let used: HashSet<&str> = document
        .paths
        .paths
        .values()
        .flat_map(|item| [&item.get, &item.put, &item.post, &item.delete, &item.patch])
        .flatten()
        .flat_map(|operation| operation.tags.iter().flatten())
        .map(String::as_str)
        .collect();
    order
        .into_iter()
        .filter(|(name, _)| used.contains(name))
        .map(|(name, description)| {
            utoipa::openapi::tag::TagBuilder::new()
                .name(name)
                .description(Some(description))
                .build()
        })
        .collect()
}

/// Who may use each route, by path and method.
#[must_use]
pub fn policy_table() -> BTreeMap<(String, &'static str), Access> {
    let prefixed = v1::endpoints().into_iter().chain(v1::streamed()).map(|e| (v1::PREFIX, e));
    let bare = system().into_iter().chain(guarded_system()).chain(ws::endpoints()).map(|e| ("", e));
    let mut table = BTreeMap::new();
    for (prefix, mut endpoint) in prefixed.chain(bare) {
        for (path, item) in &mut endpoint.routes.1.paths {
            for (method, _) in operations_mut(item) {
                table.insert((format!("{prefix}{path}"), method), endpoint.access);
            }
        }
    }
    table
}
