//! Tools on files: one that is there already, or one that comes along with the call.

use std::time::Duration;

use atc_app::{Facts, Follower, Heard};
use atc_core::event::{Topic, Viewer};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::{
    rest::{Call, Refusal},
    server::Running,
    tool::Evidence,
};
use crate::v1;

/// How often the file is looked at when nothing is heard of it.
const LOOK: Duration = Duration::from_secs(5);
/// How a call on a file may be made.
const WHICH: &str = "Send either file_id, or filename and content_base64.";

/// A file that comes along.
struct Enclosed {
    filename: String,
    bytes: Vec<u8>,
    ticket: Option<String>,
}

impl Evidence {
    /// Describes the arguments by which a file is given.
    pub fn describe(self, properties: &mut Map<String, Value>) {
        let mut put = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
        if self == Self::Stored {
            put(
                "ticket_id",
                json!({"type": "string", "description": "Number or id of its ticket."}),
            );
        } else {
            let about = "A file that was uploaded; else send filename and content_base64.";
            put("file_id", json!({"type": "string", "description": about}));
        }
        put("filename", json!({"type": "string", "description": "Its name, with the extension."}));
        put("content_base64", json!({"type": "string", "description": "Its bytes in base64."}));
    }

    /// The fields of what is given, where that is not what the API answers.
    pub fn outline(self) -> Option<Map<String, Value>> {
        let kinds = [
            ("file_id", "string"),
            ("kind", "string"),
            ("text", "string"),
            ("segments", "array"),
            ("pages", "array"),
            ("words", "array"),
            ("frames", "array"),
            ("metadata", "object"),
        ];
        let kinds = kinds.map(|(name, kind)| (name.to_owned(), json!({"type": kind})));
        let mut outline = Map::from_iter(kinds);
        outline.insert("language".to_owned(), json!({"type": ["string", "null"]}));
        matches!(self, Self::Heard | Self::Seen).then_some(outline)
    }

    /// Does the work, and gives what the API answered last.
    pub async fn run(
        self,
        running: &Running<'_>,
        mut arguments: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        // Many a model sends null for what it leaves out.
        arguments.retain(|_, value| !value.is_null());
        let first = if self == Self::Stored { "ticket_id" } else { "file_id" };
        let known = [first, "filename", "content_base64"];
        if let Some(unknown) = arguments.keys().find(|name| !known.contains(&name.as_str())) {
            let text =
                format!("{unknown}: there is no such argument; these are: {}.", known.join(", "));
            return Err(Refusal::new(422, text));
        }
        let file_id = match text(&mut arguments, "file_id") {
            Some(id) if arguments.is_empty() => id,
            Some(_) => return Err(Refusal::new(422, WHICH)),
            None => {
                let file = upload(running, Enclosed::take(&mut arguments)?).await?;
                if self == Self::Stored {
                    return Ok(file);
                }
                file["id"].as_str().unwrap_or_default().to_owned()
            }
        };
        let file = settled(running, &file_id).await?;
        self.give(running, &file_id, file).await
    }

    async fn give(
        self,
        running: &Running<'_>,
        file_id: &str,
        mut file: Value,
    ) -> Result<Value, Refusal> {
        if file["status"] == "failed" {
            let why = file["error"].as_str().unwrap_or("It cannot be read.");
            return Err(Refusal::new(422, format!("The file could not be read: {why}")));
        }
        let mut extracted = file["extracted"].take();
        let kind = extracted["kind"].as_str().unwrap_or_default().to_owned();
        let given = match self {
            Self::Stored => file,
            Self::Heard if !matches!(kind.as_str(), "audio" | "video") => {
                let text = "This file is no recording; read it with extract_text_from_image.";
                return Err(Refusal::new(422, text));
            }
            Self::Heard | Self::Seen => {
                extracted["file_id"] = file_id.into();
                extracted
            }
            Self::Analyzed => {
                let call = Call::new(&format!("{}/ai/analyze-file", v1::PREFIX));
                running.call(&Method::POST, call.json(&json!({"file_id": file_id}))).await?
            }
        };
        Ok(given)
    }
}

impl Enclosed {
    fn take(arguments: &mut Map<String, Value>) -> Result<Self, Refusal> {
        let filename = text(arguments, "filename");
        let content = text(arguments, "content_base64");
        let (Some(filename), Some(content)) = (filename, content) else {
            return Err(Refusal::new(422, WHICH));
        };
        let content = content.split_ascii_whitespace().collect::<String>();
        let bytes = BASE64_STANDARD
            .decode(content)
            .map_err(|_| Refusal::new(422, "content_base64: this is no base64 (RFC 4648, 4)."))?;
        Ok(Self { filename, bytes, ticket: text(arguments, "ticket_id") })
    }

    /// As a form (RFC 7578).
    fn form(&self, boundary: &str) -> Vec<u8> {
        let mut form = Vec::with_capacity(self.bytes.len() + 512);
        if let Some(ticket) = &self.ticket {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"ticket_id\"\r\n\r\n{ticket}\r\n"
            );
            form.extend_from_slice(part.as_bytes());
        }
        // RFC 7578 leaves the escaping to HTML, which encodes these three.
        let name = self.filename.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        form.extend_from_slice(part.as_bytes());
        form.extend_from_slice(&self.bytes);
        form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        form
    }
}

fn text(arguments: &mut Map<String, Value>, name: &str) -> Option<String> {
    match arguments.remove(name)? {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

async fn upload(running: &Running<'_>, file: Enclosed) -> Result<Value, Refusal> {
    // No guest of a form knows it beforehand, so that no file can hold it by design.
    let boundary = running.state.app.new_id().simple().to_string();
    let mut call = Call::new(&format!("{}/files/upload", v1::PREFIX));
    let media_type = format!("multipart/form-data; boundary={boundary}");
    call.body = Some((media_type, file.form(&boundary)));
    running.call(&Method::POST, call).await
}

/// The file once it was read, or could not be. Tells on the way how far that is.
async fn settled(running: &Running<'_>, file_id: &str) -> Result<Value, Refusal> {
    let read = async {
        // Listen first: what happens between the look and the listening would be missed.
        let mut news = News::listen(running, file_id).await?;
        loop {
            let mut call = Call::new(&format!("{}/files/{{id}}", v1::PREFIX));
            call.fill("id", file_id);
            let file = running.call(&Method::GET, call).await?;
            if matches!(file["status"].as_str(), Some("processed" | "failed")) {
                return Ok(file);
            }
            running.progress(file["progress"].as_f64().unwrap_or_default()).await;
            // Whether something was heard or the time came makes no difference.
            let _ = timeout(LOOK, news.settled()).await;
        }
    };
    tokio::select! {
        file = timeout(running.state.config.mcp_tool_timeout, read) => file.unwrap_or_else(|_| {
            let text = format!("The file {file_id} is still being read. Call again with this file_id.");
            Err(Refusal::new(504, text))
        }),
        () = running.cancelled() => Err(Refusal::new(499, "It was cancelled.")),
    }
}

/// What is heard of one file.
struct News<'a> {
    running: &'a Running<'a>,
    file_id: &'a str,
    follower: Option<Follower>,
}

impl<'a> News<'a> {
    async fn listen(running: &'a Running<'a>, file_id: &'a str) -> Result<Self, Refusal> {
        let viewer = Viewer::of(&running.who.caller);
        let follower = running.state.app.follow(viewer, vec![Topic::Files], None).await;
        let follower = follower.map_err(|e| Refusal::new(e.code.status(), e.detail))?;
        Ok(Self { running, file_id, follower: Some(follower) })
    }

    /// Waits for the word that the file was read, and tells the progress until then. Never ends when
    /// nothing more can be heard.
    async fn settled(&mut self) {
        while let Some(follower) = &mut self.follower {
            match follower.next().await {
                Ok(Heard::Events(events)) => {
                    for told in events {
                        match &told.facts {
                            Facts::File(file) if file.id.to_string() != self.file_id => {}
                            Facts::File(file) if file.status.is_settled() => return,
                            Facts::File(file) => self.running.progress(file.progress).await,
                            _ => {}
                        }
                    }
                }
                Ok(Heard::AccessChanged) => return,
                Err(_) => self.follower = None,
            }
        }
        std::future::pending::<()>().await;
    }
}
