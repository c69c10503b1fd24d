//! A ZIP archive as a listing. Nothing of it is written anywhere; archives within it are looked into
//! only to find bombs.

use std::io::{Cursor, Read, Seek};

use atc_core::file::Fact;

use super::{
    container::{Container, Entry},
    limits::{bomb, encrypted, is_bomb},
    output::Output,
};
use crate::ReadError;

/// Bytes of an archive within an archive that is looked into; larger ones are only listed.
const INNER: u64 = 8 << 20;

/// Bytes of archives within one archive that are looked into together.
const TOGETHER: u64 = 64 << 20;

/// How deep archives within archives are looked into, and how many.
const LEVELS: u32 = 4;
const INSIDE: u32 = 100;

/// Lists names and sizes.
pub(super) fn read<R: Read + Seek>(
    container: &mut Container<R>,
    size: u64,
    out: &mut Output,
) -> Result<(), ReadError> {
    let entries = entries(container)?;
    refuse_hostile(&entries, size)?;
    let mut left = INSIDE;
    let inside = unpacked_inside(container, &entries, LEVELS, &mut left)?;
    let total: u64 = entries.iter().map(|entry| entry.unpacked).sum();
    if is_bomb(size, total.saturating_add(inside)) {
        return Err(bomb(size, total.saturating_add(inside)));
    }
    let files = entries.iter().filter(|entry| !entry.is_folder);
    for entry in files.clone() {
        out.push(&format!("{}\t{} bytes\n", label(&entry.name), entry.unpacked));
    }
    out.fact("files", Fact::Whole(i64::try_from(files.count()).unwrap_or(i64::MAX)));
    out.fact("unpacked_bytes", Fact::Whole(i64::try_from(total).unwrap_or(i64::MAX)));
    Ok(())
}

fn entries<R: Read + Seek>(container: &mut Container<R>) -> Result<Vec<Entry>, ReadError> {
    (0..container.len()).map(|index| container.entry(index)).collect()
}

/// Refuses names that lead out of the archive, bombs, and archives that are wholly encrypted.
fn refuse_hostile(entries: &[Entry], size: u64) -> Result<(), ReadError> {
    if let Some(entry) = entries.iter().find(|entry| leads_outside(&entry.name)) {
        let name: String = label(&entry.name).chars().take(80).collect();
        return Err(ReadError::refused(format_args!(
            "The archive holds a file whose name leads out of it ({name}), as only a file made to \
             overwrite others does; it was not read."
        )));
    }
    let total = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.unpacked));
    if is_bomb(size, total) {
        return Err(bomb(size, total));
    }
    let mut files = entries.iter().filter(|entry| !entry.is_folder).peekable();
    if files.peek().is_some() && files.all(|entry| entry.is_encrypted) {
        return Err(encrypted());
    }
    Ok(())
}

fn leads_outside(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|step| step == "..")
}

/// A name on one line, without the characters that make it look like another.
fn label(name: &str) -> String {
    let steps = name.split(['/', '\\']).filter(|step| !step.is_empty());
    let steps = steps.map(|step| match step {
        "." | ".." => step.to_owned(),
        step => atc_core::file::FileName::label(step).to_string(),
    });
    steps.collect::<Vec<_>>().join("/")
}

/// How many bytes the archives within an archive say that they unpack to. Encrypted and broken ones
/// say nothing.
fn unpacked_inside<R: Read + Seek>(
    container: &mut Container<R>,
    entries: &[Entry],
    levels: u32,
    left: &mut u32,
) -> Result<u64, ReadError> {
    let mut sum = 0_u64;
    let archives = entries.iter().filter(|entry| {
        let extension = entry.name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
        let named = matches!(extension.as_deref(), Some("zip" | "jar" | "docx" | "xlsx" | "pptx"));
        named && !entry.is_encrypted && entry.unpacked <= INNER
    });
    for entry in archives {
        if levels == 0 || *left == 0 || container.unpacked() > TOGETHER {
            break;
        }
        *left -= 1;
        let bytes = container.beginning(&entry.name, INNER)?;
        let Ok(mut inner) = Container::open(Cursor::new(bytes)) else { continue };
        let within = self::entries(&mut inner)?;
        let said = within.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.unpacked));
        let deeper = unpacked_inside(&mut inner, &within, levels - 1, left)?;
        sum = sum.saturating_add(said).saturating_add(deeper);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_outside_are_known() {
        for name in ["../x", "a/../../x", "/etc/cron.d/x", "..\\..\\w.txt", "C:\\x", "\\\\host\\x"]
        {
            assert!(leads_outside(name), "{name}");
        }
        for name in ["a/b.txt", "..a/b", "a..b", "logs/2024-01-01.log", ""] {
            assert!(!leads_outside(name), "{name}");
        }
    }
}
