//! What a camera or a program wrote into a picture. Where it was taken is never read: it tells where
//! people live.

use std::collections::BTreeMap;

use atc_core::file::Fact;
use exif::{Exif, In, Reader, Tag, Value};

/// The most characters of a fact.
const LONGEST: usize = 200;

/// `camera`, `lens`, `taken_at` (ISO 8601 in local time, with the offset where it is known), `software` and
/// `orientation` (1 to 8), as far as they are there; nothing from EXIF that is broken.
pub(super) fn facts(exif: Vec<u8>) -> BTreeMap<String, Fact> {
    let Ok(exif) = Reader::new()
        .continue_on_error(true)
        .read_raw(exif)
        .or_else(|error| error.distill_partial_result(|_| ()))
    else {
        return BTreeMap::new();
    };
    let camera = match (text(&exif, Tag::Make), text(&exif, Tag::Model)) {
        (Some(make), Some(model)) if model.starts_with(&make) => Some(model),
        (Some(make), Some(model)) => Some(format!("{make} {model}")),
        (make, model) => make.or(model),
    };
    let texts = [
        ("camera", camera),
        ("lens", text(&exif, Tag::LensModel)),
        ("software", text(&exif, Tag::Software)),
        ("taken_at", taken_at(&exif)),
    ];
    let mut facts: BTreeMap<String, Fact> = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Fact::Text(text?))))
        .collect();
    let orientation =
        exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|f| f.value.get_uint(0));
    if let Some(orientation @ 1..=8) = orientation {
        facts.insert("orientation".to_owned(), orientation.into());
    }
    facts
}

/// A text without control characters and padding.
fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let text = String::from_utf8_lossy(parts.first()?);
    let text: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `2024:05:31 18:02:07` as ISO 8601 writes it.
fn taken_at(exif: &Exif) -> Option<String> {
    let text = text(exif, Tag::DateTimeOriginal).or_else(|| self::text(exif, Tag::DateTime))?;
    let time = exif::DateTime::from_ascii(text.as_bytes()).ok()?;
    let real = (1..=12).contains(&time.month)
        && (1..=31).contains(&time.day)
        && time.hour < 24
        && time.minute < 60
        && time.second < 61;
    let offset = self::text(exif, Tag::OffsetTimeOriginal).filter(|offset| is_offset(offset));
    real.then(|| {
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            time.year,
            time.month,
            time.day,
            time.hour,
            time.minute,
            time.second,
            offset.unwrap_or_default()
        )
    })
}

fn is_offset(text: &str) -> bool {
    matches!(text.as_bytes(), [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use exif::{Field, experimental::Writer};
    use proptest::prelude::*;

    use super::*;

    fn written(fields: &[(Tag, Value)]) -> Vec<u8> {
        let fields: Vec<Field> = fields
            .iter()
            .map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() })
            .collect();
        let mut writer = Writer::new();
        for field in &fields {
            writer.push_field(field);
        }
        let mut bytes = std::io::Cursor::new(Vec::new());
        writer.write(&mut bytes, false).unwrap();
        bytes.into_inner()
    }

    fn ascii(text: &str) -> Value {
        Value::Ascii(vec![text.as_bytes().to_vec()])
    }

    #[test]
    fn facts_are_read_and_the_place_is_not() {
        let degrees = Value::Rational(vec![(52, 1).into(), (31, 1).into(), (12, 1).into()]);
        let exif = written(&[
            (Tag::Make, ascii("Canon")),
            (Tag::Model, ascii("Canon EOS 5D ")),
            (Tag::LensModel, ascii("EF50mm\u{1}")),
            (Tag::Software, ascii("  ")),
            (Tag::DateTimeOriginal, ascii("2024:05:31 18:02:07")),
            (Tag::OffsetTimeOriginal, ascii("+02:00")),
            (Tag::Orientation, Value::Short(vec![6])),
            (Tag::GPSLatitude, degrees.clone()),
            (Tag::GPSLongitude, degrees),
        ]);
        let expected = [
            ("camera", "Canon EOS 5D".into()),
            ("lens", "EF50mm".into()),
            ("orientation", Fact::Whole(6)),
            ("taken_at", "2024-05-31T18:02:07+02:00".into()),
        ];
        assert_eq!(facts(exif), expected.map(|(name, fact)| (name.to_owned(), fact)).into());
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let exif = written(&[
            (Tag::DateTime, ascii("0000:00:00 00:00:00")),
            (Tag::Model, Value::Short(vec![7])),
            (Tag::Orientation, Value::Short(vec![99])),
        ]);
        assert!(facts(exif).is_empty());
    }

    proptest! {
        #[test]
        fn broken_exif_is_no_fault(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..300) {
            facts(bytes);
            let mut exif = written(&[(Tag::Make, ascii("Canon")), (Tag::LensModel, ascii("EF50mm"))]);
            exif.truncate(cut);
            facts(exif);
        }
    }
}
