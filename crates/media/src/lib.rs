//! Reads files: pictures, recordings and documents.
//!
//! What reads them runs in a child process with limits; a reader here may assume that, and refuses
//! what is too large or broken with a sentence for the person who uploaded it.

mod document;
mod image;
mod ocr;
mod read;
mod reader;
mod recording;
mod sandbox;
mod sniff;

pub use self::image::read_image;
pub use document::{OcrPage, read_document};
pub use ocr::{Line, Recognizer, text_of};
pub use reader::{Input, Models, ReadError, Workplace};
pub use recording::{ReadFrame, read_recording};
pub use sandbox::{MediaReader, ReaderConfig, read_in_child};
pub use sniff::{BEGINNING, kind, sniff};
