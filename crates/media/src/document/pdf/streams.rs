//! Looks for bombs in the streams of a PDF before pdfium unpacks them.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
};

use flate2::read::ZlibDecoder;

use crate::{
    ReadError,
    document::limits::{bomb, damaged, is_bomb},
};

/// Bytes before `stream` in which its dictionary is looked for.
const DICTIONARY: usize = 1_024;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// How often a stream may be compressed over; pdfium's own limit is far beyond.
const FILTERS: usize = 4;

/// Streams that are unpacked; those beyond are left to the limits of the process.
const STREAMS: usize = 20_000;

/// Refuses a file with a stream that unpacks to far more than any text or drawing does. Pictures are
/// let through: a white page is compressed a thousandfold, and only pages without text are drawn.
pub(super) fn refuse_bombs(mut file: File) -> Result<(), ReadError> {
    let broken = |_| damaged("a PDF");
    let mut buffer = vec![0; CHUNK];
    let mut start = 0_u64;
    let mut seen = 0;
    loop {
        file.seek(SeekFrom::Start(start)).map_err(broken)?;
        let length = filled(&mut file, &mut buffer).map_err(broken)?;
        let window = &buffer[..length];
        let found: Vec<(u64, usize)> = streams(window)
            .filter_map(|at| Some((start + at as u64, flates(&window[..at])?)))
            .collect();
        for (at, filters) in found {
            seen += 1;
            if seen > STREAMS {
                return Ok(());
            }
            measure(&mut file, at, filters)?;
        }
        if length < CHUNK {
            return Ok(());
        }
        // The dictionary of the next stream may stand at the end of this window.
        start += (CHUNK - DICTIONARY - 16) as u64;
    }
}

fn filled(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

/// Where the data of each stream in this window begins.
fn streams(window: &[u8]) -> impl Iterator<Item = usize> {
    const WORD: &[u8] = b"stream";
    let words = window.windows(WORD.len()).enumerate().filter(|(_, word)| *word == WORD);
    words.filter_map(|(at, _)| {
        let after = at + WORD.len();
        let is_end = window[..at].ends_with(b"end");
        match window.get(after..after + 2)? {
            _ if is_end => None,
            b"\r\n" => Some(after + 2),
            [b'\n' | b'\r', _] => Some(after + 1),
            // pdfium takes streams whose line does not end.
            _ => Some(after),
        }
    })
}

/// How often the stream is deflated, by the dictionary that ends before it; `None` for pictures and
/// what is not deflated.
fn flates(before: &[u8]) -> Option<usize> {
    let near = &before[before.len().saturating_sub(DICTIONARY)..];
    let start = near.windows(4).rposition(|w| w == b" obj").unwrap_or(0);
    let dictionary = &near[start..];
    let count = |word: &[u8]| dictionary.windows(word.len()).filter(|w| *w == word).count();
    let filters = count(b"/FlateDecode") + count(b"/Fl ") + count(b"/Fl]") + count(b"/Fl/");
    (filters > 0 && count(b"/Image") == 0).then(|| filters.min(FILTERS))
}

/// Unpacks a stream into nothing, counting.
fn measure(file: &mut File, at: u64, filters: usize) -> Result<(), ReadError> {
    file.seek(SeekFrom::Start(at)).map_err(|_| damaged("a PDF"))?;
    let mut packed = Consumed { inner: &mut *file, bytes: 0 };
    let mut unpacked = 0_u64;
    {
        let mut reader: Box<dyn Read + '_> = Box::new(BufReader::new(&mut packed));
        for _ in 0..filters {
            reader = Box::new(ZlibDecoder::new(reader));
        }
        let mut buffer = vec![0; 64 << 10];
        // A stream that cannot be unpacked fills no memory either.
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            unpacked += count as u64;
            if unpacked > LARGEST {
                break;
            }
        }
    }
    if is_bomb(packed.bytes, unpacked) || unpacked > LARGEST {
        return Err(bomb(packed.bytes, unpacked));
    }
    Ok(())
}

/// Bytes that a stream may unpack to, however large it is.
const LARGEST: u64 = 256 << 20;

struct Consumed<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Consumed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}
