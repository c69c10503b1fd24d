//! The resources.

use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use crate::tools::{IMAGE, PNG};

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const PLAIN: &str = "text/plain";
const JSON: &str = "application/json";

/// Every resource with an address of its own.
pub fn all() -> [Resource; 2] {
    let resource = |uri: &str, name: &str, about: &str, media_type: &str| {
        Resource::new(uri, name).with_description(about).with_mime_type(media_type)
    };
    [
        resource(TEXT, "static-text", "A text that never changes.", PLAIN),
        resource(BINARY, "static-binary", "A picture that never changes.", IMAGE),
    ]
}

/// The one kind of addresses.
pub fn template() -> ResourceTemplate {
    ResourceTemplate::new("test://template/{id}/data", "template")
        .with_description("Data of an id.")
        .with_mime_type(JSON)
}

/// What stands at an address; `None` where it is none of the fixtures'.
pub fn read(uri: &str) -> Option<ReadResourceResult> {
    let contents = match uri {
        TEXT => ResourceContents::text("This is the content of the static text resource.", uri),
        BINARY => ResourceContents::blob(PNG, uri).with_mime_type(IMAGE),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = format!("Data for ID: {id}");
            let data = json!({"id": id, "templateTest": true, "data": data});
            ResourceContents::text(data.to_string(), uri).with_mime_type(JSON)
        }
    };
    Some(ReadResourceResult::new(vec![contents]))
}
