//! Text in the encoding that it is really in.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Decodes text: by its mark, or as UTF-16 by its zeros, or by what is likely. Also says the name of
/// the encoding. What cannot be decoded becomes U+FFFD. Line ends become line feeds.
pub(super) fn decode(bytes: &[u8]) -> (String, &'static str) {
    let encoding = encoding_of(bytes);
    let (text, encoding, _) = encoding.decode(bytes);
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    };
    (text, encoding.name())
}

fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if let Some(encoding) = utf16(bytes) {
        return encoding;
    }
    // The detector's cost is linear and its mind is made up long before this.
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// Half of the bytes of western text in UTF-16 are zeros, all on one side.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    let pairs = sample.len() / 2;
    let zeros = |side: usize| sample.iter().skip(side).step_by(2).filter(|b| **b == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    if pairs < 2 {
        return None;
    }
    if second * 10 >= pairs * 7 && first * 10 <= pairs {
        return Some(UTF_16LE);
    }
    (first * 10 >= pairs * 7 && second * 10 <= pairs).then_some(UTF_16BE)
}

/// Bytes from which the encoding is guessed.
const SAMPLE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_the_encoding_that_it_is_in() {
        let german = "Der Drucker im dritten Stock ist außer Betrieb – bitte prüfen Sie das Gerät.";
        let japanese = "プリンターが動きません。至急ご確認をお願いいたします。";
        let russian = "Принтер на третьем этаже не работает, проверьте, пожалуйста.";
        for (text, label) in [
            (german, "utf-8"),
            (german, "windows-1252"),
            (japanese, "shift_jis"),
            (japanese, "euc-jp"),
            (russian, "windows-1251"),
            (russian, "koi8-r"),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy);
            // The name may be that of an encoding that differs in other characters only.
            assert_eq!(decode(&bytes).0, text, "{label}");
        }
        let units: Vec<u16> = german.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        assert_eq!(decode(&little), (german.to_owned(), "UTF-16LE"));
        assert_eq!(decode(&big), (german.to_owned(), "UTF-16BE"));
        assert_eq!(decode(&[&[0xFF, 0xFE][..], &little].concat()).0, german);
        assert_eq!(decode(b"a\r\nb\rc\n").0, "a\nb\nc\n");
        assert_eq!(decode(b"").0, "");
    }
}
