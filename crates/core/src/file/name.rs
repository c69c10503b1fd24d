//! Names of files and of what they hold. A value of these types is always legal.

use std::fmt;

/// The name that a person gave to a file: a label to be shown. Nothing is ever opened by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// The most characters that are kept.
    pub const MAX: usize = 255;

    /// Makes a label of whatever a client sent: its last path component, without control and
    /// direction-changing characters, shortened in the middle of its stem. `file` where nothing is
    /// left.
    #[must_use]
    pub fn label(sent: &str) -> Self {
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let kept: String = last.chars().filter(|c| !is_invisible(*c)).collect();
        let kept = kept.trim().trim_matches('.').trim();
        if kept.is_empty() { Self("file".to_owned()) } else { Self(shortened(kept)) }
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after its last dot, in lower case.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        (!stem.is_empty()).then(|| extension.to_lowercase())
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, and what makes a name look like another one: marks of direction and joiners (Unicode
/// Technical Report 36, "Unicode Security Considerations").
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{061C}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= FileName::MAX {
        return name.to_owned();
    }
    // What a file is for is said by its beginning, and what it is by its end.
    let tail: String = name.chars().skip(count - 16).collect();
    let head: String = name.chars().take(FileName::MAX - 17).collect();
    format!("{head}…{tail}")
}

/// What the bytes of a file are, as a media type without parameters: `image/png`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentType(String);

impl ContentType {
    /// Bytes of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self("application/octet-stream".to_owned())
    }

    /// Takes a media type of two words of RFC 6838, section 4.2, in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let word = |w: &str| {
            let legal =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&-^_.+".contains(c);
            w.starts_with(|c: char| c.is_ascii_alphanumeric())
                && w.len() <= 127
                && w.chars().all(legal)
        };
        let (kind, subtype) = text.split_once('/')?;
        (word(kind) && word(subtype)).then(|| Self(text.to_owned()))
    }

    /// The media type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 hash of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// Where the bytes of a file are stored. Made by this program alone, so that it is safe as a path and
/// as a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey(String);

impl BlobKey {
    /// The place of a new file's bytes: `ab/0198c5a2-….`, spread over 256 shelves.
    #[must_use]
    pub fn of(id: uuid::Uuid) -> Self {
        // The end of a UUID of version 7 is random; its beginning is the time.
        Self(format!("{}/{id}", Self::shelf(id.as_bytes()[15])))
    }

    /// The name of a shelf, with which every key on it begins.
    #[must_use]
    pub fn shelf(shelf: u8) -> String {
        format!("{shelf:02x}")
    }

    /// Reads a key back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (_, id) = text.split_once('/')?;
        let key = Self::of(uuid::Uuid::parse_str(id).ok()?);
        (key.0 == text).then_some(key)
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label_whatever_was_sent() {
        let long = format!("{}.png", "x".repeat(300));
        let cases = [
            ("shot.png", "shot.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\shot.png", "shot.png"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("/", "file"),
            ("..", "file"),
            ("", "file"),
            (" \u{200b} ", "file"),
        ];
        for (sent, label) in cases {
            assert_eq!(FileName::label(sent).as_str(), label, "{sent:?}");
        }
        let label = FileName::label(&long);
        assert_eq!(label.as_str().chars().count(), FileName::MAX);
        assert_eq!(label.extension().as_deref(), Some("png"));
        assert_eq!(FileName::label(".hidden").as_str(), "hidden");
        assert_eq!(FileName::label("no extension").extension(), None);
    }

    #[test]
    fn media_types_hashes_and_keys_are_read_strictly() {
        for good in
            ["image/png", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"]
        {
            assert_eq!(ContentType::parse(good).unwrap().as_str(), good);
        }
        for bad in
            ["", "image", "image/", "/png", "image/png; a=b", "Image/PNG", "a/b/c", "a/b\r\n"]
        {
            assert_eq!(ContentType::parse(bad), None, "{bad:?}");
        }
        let hash = Sha256([0xab; 32]);
        assert_eq!(Sha256::parse(&hash.to_string()), Some(hash));
        assert_eq!(Sha256::parse("ab"), None);
        assert_eq!(Sha256::parse(&"é".repeat(32)), None);
        let key = BlobKey::of(uuid::Uuid::from_u128(0x0198_c5a2_7d3e_7b1a_9f60_2f7f_5d8a_1c11));
        assert_eq!(key.as_str(), "11/0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11");
        assert_eq!(BlobKey::parse(key.as_str()), Some(key));
        assert_eq!(BlobKey::parse("../0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"), None);
    }
}
