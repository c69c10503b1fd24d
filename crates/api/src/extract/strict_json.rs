//! JSON as strict as it should always have been: no key twice, no depth without end, no NUL.

use std::fmt;

use atc_core::FieldError;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a body may be nested.
const MAX_DEPTH: usize = 32;

/// Reads a JSON text.
///
/// # Errors
/// When it is no JSON (RFC 8259), holds a key twice in one object, or is nested too deep.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: MAX_DEPTH }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The places of all strings (and keys) that contain U+0000.
pub(super) fn nul_faults(value: &Value) -> Vec<FieldError> {
    fn walk(value: &Value, pointer: &mut String, faults: &mut Vec<FieldError>) {
        let length = pointer.len();
        match value {
            Value::String(text) if text.contains('\0') => faults.push(fault(pointer)),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    pointer.push('/');
                    pointer.push_str(&i.to_string());
                    walk(item, pointer, faults);
                    pointer.truncate(length);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    if key.contains('\0') {
                        faults.push(fault(pointer));
                        continue;
                    }
                    pointer.push('/');
                    pointer.push_str(&escape(key));
                    walk(member, pointer, faults);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }
    fn fault(pointer: &str) -> FieldError {
        FieldError::body(pointer, "The character U+0000 (NUL) is not allowed.")
    }
    let mut faults = Vec::new();
    walk(value, &mut String::new(), &mut faults);
    faults
}

/// A key as a part of a JSON Pointer (RFC 6901, 3).
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(inner)?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice")));
            }
            members.insert(key, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_stands_once_and_depth_has_an_end() {
        assert!(parse(br#"{"a":1,"b":{"a":1}}"#).is_ok());
        let twice = parse(br#"{"m":{"a":1,"a":2}}"#).unwrap_err();
        assert!(twice.to_string().contains("\"a\" stands twice"), "{twice}");
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for bad in [
            "",
            "{",
            "{}{}",
            "{'a':1}",
            "[1,]",
            "NaN",
            "1e999",
            "\"\\ud800\"",
            "\"\\udc00x\"",
            "\u{feff}{}",
            "\"\t\"",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn every_nul_is_found() {
        let value = parse(br#"{"a":"x\u0000","b":["ok","\u0000"],"c/d":{"e":"\u0000"}}"#).unwrap();
        let places: Vec<_> = nul_faults(&value).into_iter().map(|f| f.location).collect();
        let expected = ["/a", "/b/1", "/c~1d/e"].map(|p| atc_core::Location::Pointer(p.into()));
        assert_eq!(places, expected);
    }

    proptest! {
        /// On JSON without repeated keys it agrees with `serde_json`.
        #[test]
        fn it_reads_what_serde_json_reads(bytes in "[\\[\\]{}:,\"a1-9.eE+ \\\\un0-]{0,40}") {
            if let Ok(strict) = parse(bytes.as_bytes()) {
                prop_assert_eq!(strict, serde_json::from_str::<Value>(&bytes).unwrap());
            }
        }
    }
}
