//! How much is read before a file is refused, and the reader that counts it.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use crate::ReadError;

/// Characters of text that are kept of one file; the rest is cut, and the metadata says so.
pub(super) const TEXT_CHARS: usize = 2_000_000;

/// Bytes that one part of an archive may unpack to.
pub(super) const PART: u64 = 100 << 20;

/// Bytes that all parts of an archive together may unpack to.
pub(super) const PARTS: u64 = 256 << 20;

/// Up to here a part may be as well compressed as it likes.
const UNSUSPICIOUS: u64 = 16 << 20;

/// Beyond that, what unpacks to more than so many times its size is a bomb: deflate reaches 1,032,
/// office documents 10 to 60.
const RATIO: u64 = 150;

/// Files in one archive.
pub(super) const ENTRIES: u64 = 10_000;

/// Bytes of a file of a format that is read as a whole.
pub(super) const WHOLE: u64 = 64 << 20;

/// Elements of XML within each other.
pub(super) const DEPTH: usize = 1_000;

/// Pages, slides or sheets that are told apart.
pub(super) const PAGES: usize = 10_000;

/// Pages of a PDF.
pub(super) const PDF_PAGES: u32 = 5_000;

/// Pages of a PDF without text that are read by OCR.
pub(super) const OCR_PAGES: u32 = 20;

/// Whether so many bytes out of so few are a bomb.
pub(super) fn is_bomb(packed: u64, unpacked: u64) -> bool {
    unpacked > UNSUSPICIOUS && unpacked / RATIO > packed
}

/// Counts what is unpacked while it is read, whatever its archive says of its size.
pub(super) struct Counted<R> {
    inner: R,
    packed: u64,
    unpacked: u64,
    together: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    /// Unpacks `packed` bytes; `together` is the count over all parts of the file.
    pub(super) fn new(inner: R, packed: u64, together: Rc<Cell<u64>>) -> Self {
        Self { inner, packed, unpacked: 0, together }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.unpacked += count as u64;
        self.together.set(self.together.get() + count as u64);
        if is_bomb(self.packed, self.unpacked) {
            return Err(io::Error::other(bomb(self.packed, self.unpacked)));
        }
        if self.unpacked > PART || self.together.get() > PARTS {
            return Err(io::Error::other(too_large()));
        }
        Ok(count)
    }
}

/// The refusal of a bomb.
pub(super) fn bomb(packed: u64, unpacked: u64) -> ReadError {
    ReadError::refused(format_args!(
        "The file unpacks from {packed} bytes to more than {unpacked}, as only a file made to fill \
         memory does; it was not read."
    ))
}

/// The refusal of what is too large once it is unpacked.
pub(super) fn too_large() -> ReadError {
    ReadError::refused(format_args!(
        "The file is too large once it is unpacked: at most {} MiB in one part and {} MiB in all are \
         read. Split it.",
        PART >> 20,
        PARTS >> 20
    ))
}

/// The refusal of what a password protects.
pub(super) fn encrypted() -> ReadError {
    ReadError::refused("The file is encrypted with a password; upload it without one.")
}

/// The refusal of what does not keep to its format. `what` names it: “a Word document”.
pub(super) fn damaged(what: &str) -> ReadError {
    ReadError::refused(format_args!(
        "The file is damaged: it could not be read as {what}. Upload it again, or save it anew."
    ))
}

/// A refusal that came through a reader of a library, or else the file is damaged.
pub(super) fn refusal(error: &io::Error, what: &str) -> ReadError {
    let ours = error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>());
    ours.cloned().unwrap_or_else(|| damaged(what))
}
