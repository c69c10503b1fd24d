//! Reads files: pictures, recordings and documents.
//!
//! What reads them runs in a child process with limits; a reader here may assume that, and refuses
//! what is too large or broken with a sentence for the person who uploaded it.

mod image;
mod ocr;
mod reader;

pub use self::image::read_image;
pub use ocr::{Line, Recognizer, text_of};
pub use reader::{Input, Models, ReadError, Workplace};
