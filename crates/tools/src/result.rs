//! What a tool gave, as text.

use atc_core::ports::ToolResult;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

/// The most characters of a name that a server gives something.
const MOST_NAME: usize = 200;

/// The text of a result. Content that is no text is named and left out.
pub(crate) fn result(result: &CallToolResult) -> ToolResult {
    let is_error = result.is_error.unwrap_or(false);
    let mut parts: Vec<String> = result.content.iter().map(part).collect();
    if parts.is_empty()
        && let Some(structured) = &result.structured_content
    {
        parts.push(structured.to_string());
    }
    if parts.is_empty() {
        parts.push("(nothing)".to_owned());
    }
    ToolResult { text: clean(&parts.join("\n"), usize::MAX), is_error }
}

fn part(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => left_out("an image", &image.mime_type, image.data.len()),
        ContentBlock::Audio(audio) => left_out("a recording", &audio.mime_type, audio.data.len()),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            ResourceContents::BlobResourceContents { mime_type, blob, .. } => {
                left_out("a file", mime_type.as_deref().unwrap_or("unknown"), blob.len())
            }
            _ => "(something unknown, left out)".to_owned(),
        },
        ContentBlock::ResourceLink(link) => {
            format!("(a link to \"{}\", not followed)", clean(&link.name, MOST_NAME))
        }
        _ => "(something unknown, left out)".to_owned(),
    }
}

/// `base64` is the length of the content in base64.
fn left_out(what: &str, media_type: &str, base64: usize) -> String {
    let media_type = clean(media_type, 100);
    format!("({what} of type {media_type}, about {} bytes, left out)", base64 / 4 * 3)
}

/// A stranger's text without what moves the cursor, hides, or turns the direction of writing; cut with a mark.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let keep = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || is_invisible(*c));
    let mut kept = text.chars().filter(keep);
    let mut cleaned: String = kept.by_ref().take(most).collect();
    if kept.next().is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Characters that people do not see and models read: direction, joiners, tags (UTS 39; Unicode, block Tags).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> ToolResult {
        result(&serde_json::from_value(value).unwrap())
    }

    #[test]
    fn content_that_is_no_text_is_named_and_left_out() {
        let given = read(json!({"content": [
            {"type": "text", "text": "Sunny\u{200b}\u{e0041}\u{202e}\u{1b}[31m, 21 °C"},
            {"type": "image", "data": "AAAA".repeat(100), "mimeType": "image/png"},
            {"type": "resource_link", "uri": "http://169.254.169.254/", "name": "more"},
            {"type": "resource", "resource": {"uri": "x:y", "blob": "AAAA", "mimeType": "a/b"}}
        ], "isError": true}));
        assert!(given.is_error);
        let lines: Vec<_> = given.text.lines().collect();
        assert_eq!(lines[0], "Sunny[31m, 21 °C");
        assert_eq!(lines[1], "(an image of type image/png, about 300 bytes, left out)");
        assert_eq!(lines[2], "(a link to \"more\", not followed)");
        assert_eq!(lines[3], "(a file of type a/b, about 3 bytes, left out)");
        assert!(!given.text.contains("169.254"), "{}", given.text);
    }

    #[test]
    fn structured_content_serves_where_there_is_no_text() {
        let given = read(json!({"content": [], "structuredContent": {"degrees": 21}}));
        assert_eq!(given.text, "{\"degrees\":21}");
        assert_eq!(read(json!({"content": []})).text, "(nothing)");
    }

    #[test]
    fn a_cut_is_shown() {
        assert_eq!(clean("äöü", 2), "äö…");
        assert_eq!(clean("äöü", 3), "äöü");
    }
}
