//! PDF, by pdfium: the text layer, and for pages without one what OCR finds in their picture.
//!
//! pdfium is loaded when the first PDF is read. It reads the file piece by piece as it needs it.

mod streams;

use std::{
    fs::File,
    path::Path,
    sync::{Mutex, PoisonError},
};

use atc_core::file::Fact;
use image::RgbImage;
use pdfium_render::prelude::{
    PdfDocument, PdfDocumentMetadataTagType as Tag, PdfPage, PdfPageObjectsCommon, PdfRect,
    PdfRenderConfig, Pdfium, PdfiumError, PdfiumInternalError,
};

use super::{
    limits::{OCR_PAGES, PDF_PAGES, damaged, encrypted},
    output::Output,
};
use crate::{ReadError, Workplace};

/// Reads the text in the picture of a page.
pub type OcrPage<'a> = dyn FnMut(&RgbImage) -> Result<String, ReadError> + 'a;

const WHAT: &str = "a PDF";

/// The library, once it is loaded. It keeps state of its own, so one file is read at a time.
static PDFIUM: Mutex<Option<Pdfium>> = Mutex::new(None);

/// Reads all pages.
pub(super) fn read(
    file: &File,
    at: &Workplace<'_>,
    ocr_page: &mut OcrPage<'_>,
    out: &mut Output,
) -> Result<(), ReadError> {
    let broken = |_| damaged(WHAT);
    streams::refuse_bombs(file.try_clone().map_err(broken)?)?;
    let mut library = PDFIUM.lock().unwrap_or_else(PoisonError::into_inner);
    let pdfium = loaded(&mut library, &at.models.pdfium)?;
    let document = pdfium
        .load_pdf_from_reader(file.try_clone().map_err(broken)?, None)
        .map_err(|error| refusal(&error))?;
    let pages = u32::try_from(document.pages().len()).unwrap_or(0);
    if pages > PDF_PAGES {
        return Err(ReadError::refused(format_args!(
            "The PDF has {pages} pages; at most {PDF_PAGES} are read. Split it."
        )));
    }
    facts(&document, pages, out);
    read_pages(&document, pages, at, ocr_page, out)
}

fn loaded<'l>(library: &'l mut Option<Pdfium>, folder: &Path) -> Result<&'l Pdfium, ReadError> {
    let missing = || {
        ReadError::unavailable(
            "PDF files cannot be read, because pdfium is missing. Run `ai-tickets models fetch`.",
        )
    };
    let path = folder.join("libpdfium.so");
    if !path.is_file() {
        return Err(missing());
    }
    if library.is_none() {
        let bindings = Pdfium::bind_to_library(&path).map_err(|_| missing())?;
        *library = Some(Pdfium::new(bindings));
    }
    library.as_ref().ok_or_else(missing)
}

fn refusal(error: &PdfiumError) -> ReadError {
    match error {
        PdfiumError::PdfiumLibraryInternalError(
            PdfiumInternalError::PasswordError | PdfiumInternalError::SecurityError,
        ) => encrypted(),
        _ => damaged(WHAT),
    }
}

fn facts(document: &PdfDocument<'_>, pages: u32, out: &mut Output) {
    out.fact("pages", pages);
    for (tag, name) in [
        (Tag::Title, "title"),
        (Tag::Author, "author"),
        (Tag::Subject, "subject"),
        (Tag::Keywords, "keywords"),
        (Tag::Producer, "producer"),
        (Tag::CreationDate, "created"),
        (Tag::ModificationDate, "modified"),
    ] {
        if let Some(found) = document.metadata().get(tag) {
            let value = found.value();
            let is_date = matches!(tag, Tag::CreationDate | Tag::ModificationDate);
            out.fact(name, if is_date { date(value) } else { value.to_owned() });
        }
    }
    let attachments = document.attachments();
    let names = attachments.iter().take(100).map(|file| Fact::Text(file.name()));
    let names: Vec<Fact> = names.collect();
    if !names.is_empty() {
        out.fact("attachments", Fact::List(names));
    }
}

/// ISO 32000-1, section 7.9.4: `D:20240131120000+01'00'` as RFC 3339, as far as it says something.
fn date(text: &str) -> String {
    let body = text.strip_prefix("D:").unwrap_or(text);
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let (stamp, zone) = body.split_at(digits);
    if digits < 8 || !zone.is_ascii() {
        return text.to_owned();
    }
    let day = format!("{}-{}-{}", &stamp[..4], &stamp[4..6], &stamp[6..8]);
    if digits < 14 {
        return day;
    }
    let time = format!("{}:{}:{}", &stamp[8..10], &stamp[10..12], &stamp[12..14]);
    let zone = zone.replace('\'', "");
    let zone = match (zone.get(..1), zone.get(1..3), zone.get(3..5)) {
        (Some(sign @ ("+" | "-")), Some(hours), minutes) => {
            format!("{sign}{hours}:{}", minutes.unwrap_or("00"))
        }
        (Some("Z"), ..) => "Z".to_owned(),
        _ => String::new(),
    };
    format!("{day}T{time}{zone}")
}

/// How the pages were read.
#[derive(Default)]
struct Tally {
    broken: u32,
    by_ocr: u32,
    unread: u32,
    /// Why the first of the unread ones was not read.
    why: Option<ReadError>,
}

fn read_pages(
    document: &PdfDocument<'_>,
    pages: u32,
    at: &Workplace<'_>,
    ocr_page: &mut OcrPage<'_>,
    out: &mut Output,
) -> Result<(), ReadError> {
    let mut tally = Tally::default();
    for number in 1..=pages {
        (at.progress)(f64::from(number - 1) / f64::from(pages), "reading pages");
        let index = i32::try_from(number - 1).unwrap_or(i32::MAX);
        let Ok(page) = document.pages().get(index) else {
            tally.broken += 1;
            continue;
        };
        let text = match layer(&page) {
            Some(text) => text,
            None => seen(&page, ocr_page, &mut tally),
        };
        out.begin_page(number);
        out.push(&text);
        if out.is_full() {
            break;
        }
    }
    out.end_page();
    if pages > 0 && tally.broken == pages {
        return Err(damaged(WHAT));
    }
    for (name, count) in [
        ("broken_pages", tally.broken),
        ("ocr_pages", tally.by_ocr),
        ("unread_pages", tally.unread),
    ] {
        if count > 0 {
            out.fact(name, count);
        }
    }
    // A scan of which nothing was read must not look like an empty document.
    match tally.why {
        Some(why) if tally.unread + tally.broken == pages => Err(why),
        _ => Ok(()),
    }
}

/// The text of a page; `None` where it has none that means something.
fn layer(page: &PdfPage<'_>) -> Option<String> {
    // The whole plane: the box of a page need not begin at zero, and may be turned.
    const FAR: f32 = 1.0e6;
    let everywhere = PdfRect::new_from_values(-FAR, -FAR, FAR, FAR);
    let raw = page.text().ok()?.inside_rect(everywhere);
    let text = joined(&raw);
    let (mut letters, mut strange) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        letters += 1;
        // Fonts that do not say what their glyphs mean give these.
        let unknown = matches!(c, '\u{FFFD}' | '\u{E000}'..='\u{F8FF}') || c.is_control();
        strange += usize::from(unknown);
    }
    (letters > 0 && strange * 2 <= letters).then_some(text)
}

/// pdfium marks a hyphen that only divides a word at the end of a line with U+0002 or U+FFFE.
fn joined(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.replace("\u{2}\n", "").replace("\u{FFFE}\n", "");
    let lines = text.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n").replace(['\u{2}', '\u{FFFE}'], "")
}

/// What OCR reads in the picture of a page; nothing on a page without anything.
fn seen(page: &PdfPage<'_>, ocr_page: &mut OcrPage<'_>, tally: &mut Tally) -> String {
    if page.objects().is_empty() {
        return String::new();
    }
    let read = if tally.by_ocr >= OCR_PAGES {
        Err(ReadError::refused("The PDF has too many pages without text."))
    } else {
        rendered(page).and_then(|picture| ocr_page(&picture))
    };
    match read {
        Ok(text) => {
            tally.by_ocr += 1;
            text
        }
        Err(why) => {
            tally.unread += 1;
            tally.why.get_or_insert(why);
            String::new()
        }
    }
}

/// The picture of a page at 200 dots an inch, its longer side at most 3,000 of them.
fn rendered(page: &PdfPage<'_>) -> Result<RgbImage, ReadError> {
    const SCALE: f32 = 200.0 / 72.0;
    const LONGEST: f32 = 3_000.0;
    let (width, height) = (page.width().value, page.height().value);
    let longest = width.max(height);
    if !longest.is_finite() || width.min(height) < 1.0 {
        return Err(damaged(WHAT));
    }
    let scale = SCALE.min(LONGEST / longest);
    #[expect(clippy::cast_possible_truncation, reason = "at most 3,000")]
    let pixels = |length: f32| ((length * scale).round() as i32).max(1);
    let config = PdfRenderConfig::new().set_fixed_size(pixels(width), pixels(height));
    let bitmap = page.render_with_config(&config).map_err(|_| damaged(WHAT))?;
    let (width, height) = (bitmap.width().unsigned_abs(), bitmap.height().unsigned_abs());
    let rgb = bitmap.as_rgba_bytes().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    RgbImage::from_raw(width, height, rgb).ok_or_else(|| damaged(WHAT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_rfc_3339() {
        for (text, expected) in [
            ("D:20240131120000+01'00'", "2024-01-31T12:00:00+01:00"),
            ("D:20240131120000Z", "2024-01-31T12:00:00Z"),
            ("D:20240131120000", "2024-01-31T12:00:00"),
            ("D:20240131", "2024-01-31"),
            ("last week", "last week"),
            ("", ""),
            ("D:20240131120000é", "D:20240131120000é"),
        ] {
            assert_eq!(date(text), expected);
        }
    }

    #[test]
    fn divided_words_are_joined() {
        assert_eq!(joined("docu\u{2}\r\nment \r\nend"), "document\nend");
    }
}
