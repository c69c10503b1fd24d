//! Resources: tickets, files and articles by their address.

use rmcp::{
    ErrorData,
    model::{
        ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
    },
};
use serde_json::{Value, json};

use super::{
    rest::{Call, Refusal},
    server::Running,
};
use crate::v1;

/// How many tickets a page of the list has.
const ROWS: u32 = 50;
/// The longest address that is looked at.
const MOST_CHARS: usize = 200;
const JSON: &str = "application/json";

/// The address of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Uri {
    /// By number or id.
    Ticket(String),
    File(String),
    Article(String),
}

impl Uri {
    /// # Errors
    /// When there is no such kind of resource.
    pub fn parse(uri: &str) -> Result<Self, ErrorData> {
        let (scheme, id) = uri.split_once("://").unwrap_or_default();
        let sane = !id.is_empty()
            && uri.len() <= MOST_CHARS
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let parsed = match scheme {
            "ticket" => Some(Self::Ticket(id.to_owned())),
            "file" => Some(Self::File(id.to_owned())),
            "article" => Some(Self::Article(id.to_owned())),
            _ => None,
        };
        parsed.filter(|_| sane).ok_or_else(|| {
            let text = "Resources are ticket://{number}, file://{id} and article://{id}.";
            ErrorData::resource_not_found(text, Some(json!({"uri": uri})))
        })
    }
}

/// The kinds of addresses.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, about: &str, media_type: &str| {
        ResourceTemplate::new(uri, name)
            .with_title(title)
            .with_description(about)
            .with_mime_type(media_type)
    };
    vec![
        template("ticket://{number}", "ticket", "Ticket", "A ticket with all its fields.", JSON),
        template("file://{id}", "file", "File", "A file with the text that was read in it.", JSON),
        template("article://{id}", "article", "Help article", "A help article.", "text/markdown"),
    ]
}

/// A page of the tickets, newest first: the list of what can be read begins with them.
pub(super) async fn list(
    running: &Running<'_>,
    cursor: Option<String>,
) -> Result<ListResourcesResult, ErrorData> {
    let mut call = Call::new(&format!("{}/tickets", v1::PREFIX));
    call.query.push(("limit".to_owned(), ROWS.to_string()));
    call.query.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
    let mut page = running
        .call(&http::Method::GET, call)
        .await
        .map_err(|refusal| of_refusal(&refusal, "ticket://"))?;
    let rows = page["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let resource = |row: Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let number = row["number"].as_i64().unwrap_or_default();
        let about =
            format!("{}, {} priority, {}", text("status"), text("priority"), text("category"));
        Resource::new(format!("ticket://{number}"), format!("ticket-{number}"))
            .with_title(format!("#{number} {}", text("title")))
            .with_description(about)
            .with_mime_type(JSON)
    };
    let mut result = ListResourcesResult::with_all_items(rows.into_iter().map(resource).collect());
    result.next_cursor = page["next_cursor"].as_str().map(str::to_owned);
    Ok(result)
}

/// What stands at an address.
pub(super) async fn read(
    running: &Running<'_>,
    uri: &str,
) -> Result<ReadResourceResult, ErrorData> {
    let contents = match Uri::parse(uri)? {
        Uri::Ticket(id) => {
            let ticket = running
                .get("/tickets/{id}", &id)
                .await
                .map_err(|refusal| of_refusal(&refusal, uri))?;
            ResourceContents::text(ticket.to_string(), uri).with_mime_type(JSON)
        }
        Uri::File(id) => {
            let file = running
                .get("/files/{id}", &id)
                .await
                .map_err(|refusal| of_refusal(&refusal, uri))?;
            ResourceContents::text(file.to_string(), uri).with_mime_type(JSON)
        }
        Uri::Article(id) => {
            let article = running
                .get("/knowledge/articles/{id}", &id)
                .await
                .map_err(|refusal| of_refusal(&refusal, uri))?;
            let text = |key: &str| article[key].as_str().unwrap_or_default().to_owned();
            let page = format!("# {}\n\n{}\n", text("title"), text("body"));
            ResourceContents::text(page, uri).with_mime_type("text/markdown")
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// A refusal where the protocol has no place for the words of a tool.
pub(super) fn of_refusal(refusal: &Refusal, uri: &str) -> ErrorData {
    let text = refusal.to_string();
    match refusal.status {
        404 | 410 => ErrorData::resource_not_found(text, Some(json!({"uri": uri}))),
        400..500 => ErrorData::invalid_params(text, None),
        _ => ErrorData::internal_error(text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_addresses_are_read() {
        assert_eq!(Uri::parse("ticket://42").unwrap(), Uri::Ticket("42".into()));
        assert!(Uri::parse("file://0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11").is_ok());
        for bad in ["", "ticket://", "ticket:42", "file:///etc/passwd", "file://../x", "http://a/b"]
        {
            assert!(Uri::parse(bad).is_err(), "{bad}");
        }
    }
}
