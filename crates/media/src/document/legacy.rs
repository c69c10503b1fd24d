//! The older container of Microsoft Office (MS-CFB). The formats in it are named and refused; newer
//! ones are in it when a password protects them (MS-OFFCRYPTO, section 2.3.2).

use std::io::{Read, Seek};

use super::limits::{damaged, encrypted};
use crate::ReadError;

/// Why this file is not read.
pub(super) fn refusal<R: Read + Seek>(bytes: R) -> ReadError {
    let Ok(file) = cfb::CompoundFile::open(bytes) else {
        return damaged("an Office document");
    };
    let has = |name: &str| file.exists(name);
    if has("EncryptedPackage") {
        return encrypted();
    }
    let (format, instead) = if has("WordDocument") {
        ("of Word before 2007 (.doc)", ".docx or PDF")
    } else if has("Workbook") || has("Book") {
        ("of Excel before 2007 (.xls)", ".xlsx or CSV")
    } else if has("PowerPoint Document") {
        ("of PowerPoint before 2007 (.ppt)", ".pptx or PDF")
    } else if has("__properties_version1.0") {
        ("of Outlook (.msg)", ".eml")
    } else {
        ("that is not known here", "PDF")
    };
    ReadError::refused(format_args!(
        "The file is in a format {format}, which is not read; save it as {instead} and upload that."
    ))
}
