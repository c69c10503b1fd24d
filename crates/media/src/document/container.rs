//! A ZIP archive whose parts are read one by one, counted while they unpack.

use std::{
    cell::Cell,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{
    limits::{Counted, ENTRIES, PART, bomb, damaged, encrypted, is_bomb, refusal, too_large},
    xml::Xml,
};
use crate::ReadError;

/// An archive and how much was unpacked of it.
pub(super) struct Container<R: Read + Seek = BufReader<File>> {
    archive: ZipArchive<R>,
    together: Rc<Cell<u64>>,
}

/// A part that is being unpacked.
pub(super) type Part<'a, R> = Counted<ZipFile<'a, R>>;

impl<R: Read + Seek> Container<R> {
    /// Opens an archive. Nothing is unpacked yet.
    pub(super) fn open(mut bytes: R) -> Result<Self, ReadError> {
        let said = count_of_entries(&mut bytes)?;
        refuse_many(said)?;
        let archive = ZipArchive::new(bytes).map_err(|_| damaged(ARCHIVE))?;
        refuse_many(archive.len() as u64)?;
        // Files of one name are one to the library. Who writes a name twice means to hide something:
        // how much there is, or what is there.
        if (archive.len() as u64) < said {
            return Err(ReadError::refused(
                "The archive holds several files of one name, as only a file made to deceive does; it \
                 was not read.",
            ));
        }
        Ok(Self { archive, together: Rc::default() })
    }

    /// The names of all parts.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.archive.file_names()
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.archive.len()
    }

    /// How many bytes were unpacked by now.
    pub(super) fn unpacked(&self) -> u64 {
        self.together.get()
    }

    /// What the archive says of one of its parts, counted from 0.
    pub(super) fn entry(&mut self, index: usize) -> Result<Entry, ReadError> {
        let file = self.archive.by_index_raw(index).map_err(|_| damaged(ARCHIVE))?;
        Ok(Entry {
            name: file.name().to_owned(),
            unpacked: file.size(),
            is_folder: file.is_dir(),
            is_encrypted: file.encrypted(),
        })
    }

    /// Begins to unpack a part; `None` where it is absent.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Part<'_, R>>, ReadError> {
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(encrypted());
            }
            Err(_) => return Err(damaged(ARCHIVE)),
        };
        let (packed, unpacked) = (file.compressed_size(), file.size());
        // What the archive admits needs no unpacking.
        if is_bomb(packed, unpacked) {
            return Err(bomb(packed, unpacked));
        }
        if unpacked > PART {
            return Err(too_large());
        }
        Ok(Some(Counted::new(file, packed, Rc::clone(&self.together))))
    }

    /// Begins to read a part as XML; `None` where it is absent.
    pub(super) fn xml(
        &mut self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<Xml<Part<'_, R>>>, ReadError> {
        Ok(self.part(name)?.map(|part| Xml::new(part, what)))
    }

    /// The first bytes of a part, unpacked; empty where it is absent.
    pub(super) fn beginning(&mut self, name: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        if let Some(part) = self.part(name)? {
            part.take(most).read_to_end(&mut bytes).map_err(|e| refusal(&e, ARCHIVE))?;
        }
        Ok(bytes)
    }
}

/// What an archive says of one of its parts.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) unpacked: u64,
    pub(super) is_folder: bool,
    pub(super) is_encrypted: bool,
}

const ARCHIVE: &str = "a ZIP archive";

fn refuse_many(entries: u64) -> Result<(), ReadError> {
    if entries <= ENTRIES {
        return Ok(());
    }
    Err(ReadError::refused(format_args!(
        "The archive holds {entries} files or more; at most {ENTRIES} are listed. Split it."
    )))
}

/// The end record of the archive says how many files there are (APPNOTE 4.3.16); more than 65,534 are
/// said elsewhere and are too many anyway. It is read before the library builds its table of them.
fn count_of_entries(bytes: &mut (impl Read + Seek)) -> Result<u64, ReadError> {
    const RECORD: usize = 22;
    const COMMENT: u64 = 65_535;
    let broken = |_| damaged(ARCHIVE);
    let size = bytes.seek(SeekFrom::End(0)).map_err(broken)?;
    let tail = size.min(RECORD as u64 + COMMENT);
    bytes.seek(SeekFrom::Start(size - tail)).map_err(broken)?;
    let mut end = Vec::new();
    bytes.take(tail).read_to_end(&mut end).map_err(broken)?;
    bytes.seek(SeekFrom::Start(0)).map_err(broken)?;
    let at = end
        .windows(RECORD)
        .rposition(|record| record.starts_with(b"PK\x05\x06"))
        .ok_or_else(|| damaged(ARCHIVE))?;
    Ok(u16::from_le_bytes([end[at + 10], end[at + 11]]).into())
}
