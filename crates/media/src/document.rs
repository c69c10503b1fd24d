//! Reads documents: their text, page by page where they have pages, and what they say of themselves.
//!
//! Small crates for each format instead of one for all (kreuzberg 4.10). That one is 274 crates, did not
//! compile with the versions at hand, and leaves out headers of DOCX and attachments of mails; these
//! are 55. And only who unpacks a document himself can count what it unpacks to.

mod archive;
mod compressed;
mod container;
mod encoding;
mod flow;
mod html;
mod legacy;
mod limits;
mod mail;
mod opendocument;
mod output;
mod package;
mod pdf;
mod rtf;
mod sheet;
mod slides;
mod text;
mod word;
mod xml;

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
};

use atc_core::file::{Extracted, FileKind};

pub use self::pdf::OcrPage;
use self::{container::Container, limits::WHOLE, output::Output};
use crate::{Input, ReadError, Workplace, kind};

/// Reads a document of any type that [`kind`] calls one. `ocr_page` reads the text in the picture of
/// a page, where a PDF has no text itself.
///
/// # Errors
///
/// [`ReadError::Refused`] for what is empty, damaged, encrypted, too large or made to do harm, and for
/// types that no reader is for; [`ReadError::Unavailable`] when a PDF is read and pdfium is missing,
/// or nothing but OCR could have read it and OCR is missing.
pub fn read_document(
    input: &mut Input,
    at: &Workplace<'_>,
    ocr_page: &mut OcrPage<'_>,
) -> Result<Extracted, ReadError> {
    if input.size == 0 {
        return Err(ReadError::refused("The file is empty."));
    }
    refuse_false_name(input)?;
    input.bytes.seek(SeekFrom::Start(0)).map_err(|_| unreadable())?;
    (at.progress)(0.0, "reading the document");
    let mut out = Output::new();
    match input.content_type.as_str() {
        "application/pdf" => pdf::read(&input.bytes, at, ocr_page, &mut out)?,
        name if is_archive(name) => read_archive(input, &mut out)?,
        "application/gzip" => compressed::read(stream(input)?, input.size, &mut out)?,
        "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint"
        | "application/vnd.ms-outlook"
        | "application/x-ole-storage" => {
            return Err(legacy::refusal(stream(input)?));
        }
        "application/rtf" => rtf::read(&whole(input)?, &mut out)?,
        "message/rfc822" => mail::read(&whole(input)?, &mut out)?,
        "text/html" => html::read(&whole(input)?, &mut out),
        "application/xml" | "image/svg+xml" => read_xml(input, &mut out)?,
        "application/json" => text::json(&whole(input)?, &mut out)?,
        "text/csv" | "text/tab-separated-values" => text::table(&beginning(input)?, &mut out),
        "text/markdown" => text::markdown(&beginning(input)?, &mut out),
        name if name.starts_with("text/") => text::plain(&beginning(input)?, &mut out),
        name => {
            return Err(ReadError::refused(format_args!(
                "Files of the type {name} are stored but not read."
            )));
        }
    }
    (at.progress)(1.0, "reading the document");
    Ok(out.finish())
}

/// Text that is called a picture or a recording is what a failed download leaves; whoever uploaded it
/// thinks that it is something else.
fn refuse_false_name(input: &Input) -> Result<(), ReadError> {
    let extension = input.filename.extension().unwrap_or_default();
    let is_media = matches!(
        extension.as_str(),
        "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "webp"
            | "bmp"
            | "tif"
            | "tiff"
            | "heic"
            | "avif"
            | "mp3"
            | "wav"
            | "ogg"
            | "opus"
            | "m4a"
            | "flac"
            | "mp4"
            | "webm"
            | "mov"
            | "mkv"
            | "avi"
    );
    if !is_media || kind(&input.content_type) != FileKind::Document {
        return Ok(());
    }
    Err(ReadError::refused(format_args!(
        "The file is called .{extension} but holds {}. Upload the file itself, or name it for what it \
         is.",
        input.content_type
    )))
}

fn is_archive(name: &str) -> bool {
    name == "application/zip"
        || name == "application/epub+zip"
        || name.starts_with("application/vnd.openxmlformats-officedocument.")
        || name.starts_with("application/vnd.oasis.opendocument.")
}

/// What an archive holds decides what it is, more surely than its first bytes do.
fn read_archive(input: &Input, out: &mut Output) -> Result<(), ReadError> {
    let mut container = Container::open(stream(input)?)?;
    let is_opendocument = container.has("content.xml")
        && container
            .beginning("mimetype", 100)?
            .starts_with(b"application/vnd.oasis.opendocument.");
    if is_opendocument {
        return opendocument::read(&mut container, out);
    }
    if container.has("[Content_Types].xml") {
        let has = |folder: &str| container.names().any(|name| name.starts_with(folder));
        let (word, sheets, slides) = (has("word/"), has("xl/"), has("ppt/"));
        if word {
            return word::read(&mut container, out);
        } else if sheets {
            return sheet::read(&mut container, out);
        } else if slides {
            return slides::read(&mut container, out);
        }
    }
    archive::read(&mut container, input.size, out)
}

/// The text between the tags. A drawing in SVG is one of these.
fn read_xml(input: &Input, out: &mut Output) -> Result<(), ReadError> {
    let mut xml = xml::Xml::new(stream(input)?.take(WHOLE), "XML");
    let mut flow = flow::Flow::new(out);
    loop {
        let mut skip = false;
        match xml.next()? {
            xml::Node::Start(element) => skip = matches!(element.name(), "script" | "style"),
            xml::Node::End(_) => flow.line(),
            xml::Node::Text(text) => flow.words(&text),
            xml::Node::Eof => return Ok(()),
            xml::Node::Other => {}
        }
        if skip {
            xml.skip()?;
        }
        if flow.out().is_full() {
            return Ok(());
        }
    }
}

fn stream(input: &Input) -> Result<BufReader<File>, ReadError> {
    let file = input.bytes.try_clone().map_err(|_| unreadable())?;
    Ok(BufReader::new(file))
}

/// All of it, if that is not too much.
fn whole(input: &Input) -> Result<Vec<u8>, ReadError> {
    if input.size > WHOLE {
        return Err(ReadError::refused(format_args!(
            "Files of the type {} are read up to {} MiB; this one is larger.",
            input.content_type,
            WHOLE >> 20
        )));
    }
    let mut bytes = Vec::new();
    stream(input)?.take(WHOLE).read_to_end(&mut bytes).map_err(|_| unreadable())?;
    Ok(bytes)
}

/// As much as is kept at most.
fn beginning(input: &Input) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    stream(input)?.take(text::BYTES as u64).read_to_end(&mut bytes).map_err(|_| unreadable())?;
    Ok(bytes)
}

fn unreadable() -> ReadError {
    ReadError::unavailable("The stored file could not be read from its storage.")
}
