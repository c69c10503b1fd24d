//! What a tool gives: the fields that were asked for, within a budget, and never cut in silence.

use serde_json::{Map, Value, json};

use super::{rest::Refusal, tool::Pages};

/// The header by which a change is guarded.
pub(super) const VERSION_HEADER: &str = "If-Match";
/// What the argument for it means.
pub(super) const ABOUT_VERSION: &str =
    "The version that you have seen; the change is refused where somebody was faster.";

/// What a token is counted as, in bytes of JSON.
const BYTES_OF_TOKEN: usize = 4;
const DEFAULT_TOKENS: u64 = 8_000;
const LEAST_TOKENS: u64 = 200;
const MOST_TOKENS: u64 = 50_000;
/// Texts are not cut below this length, in characters, while there is something else to leave out.
const LEAST_CHARS: usize = 120;
/// What `more` itself may take.
const NOTE_BYTES: usize = 240;

/// How an answer shall look.
#[derive(Debug)]
pub(super) struct Shape {
    fields: Vec<String>,
    bytes: usize,
}

/// An answer within its budget, or how much of it would be.
#[derive(Debug, PartialEq)]
pub(super) enum Fit {
    Whole(Value),
    /// So many rows fit: the list is asked for again with this limit, so that its cursor is right.
    Rows(usize),
}

/// Describes the arguments that shape an answer.
pub(super) fn describe(properties: &mut Map<String, Value>) {
    let about = "Give these instead of the usual ones.";
    let fields = json!({"type": "array", "items": {"type": "string"}, "description": about});
    properties.insert("fields".to_owned(), fields);
    let about = format!("How long the answer may be; default {DEFAULT_TOKENS}.");
    let tokens = json!({"type": "integer", "description": about});
    properties.insert("max_tokens".to_owned(), tokens);
}

impl Shape {
    /// Reads the arguments `fields` and `max_tokens`, taking them out.
    ///
    /// # Errors
    /// When a field is not there to be given, or the length is no sensible one.
    pub fn take(
        arguments: &mut Map<String, Value>,
        known: &[String],
        usual: &[&str],
    ) -> Result<Self, Refusal> {
        let fields = match arguments.remove("fields") {
            None | Some(Value::Null) => usual.iter().map(|f| (*f).to_owned()).collect(),
            Some(fields) => names(&fields, known)?,
        };
        let tokens = match arguments.remove("max_tokens") {
            None | Some(Value::Null) => DEFAULT_TOKENS,
            Some(tokens) => {
                let tokens = tokens.as_u64();
                let fits = tokens.filter(|n| (LEAST_TOKENS..=MOST_TOKENS).contains(n));
                fits.ok_or_else(|| {
                    let text = format!("max_tokens: {LEAST_TOKENS} to {MOST_TOKENS} are possible.");
                    Refusal::new(422, text)
                })?
            }
        };
        // At most 50,000.
        let bytes = usize::try_from(tokens).unwrap_or(usize::MAX) * BYTES_OF_TOKEN;
        Ok(Self { fields, bytes })
    }

    /// Whether the answer shall have this field.
    pub fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|f| f == field)
    }

    /// Brings an answer into shape.
    pub fn fit(&self, answer: Value, list: Option<Pages>) -> Fit {
        let mut shaped = match list {
            None => self.pick(answer),
            Some(_) => self.pick_rows(answer),
        };
        if self.holds(&shaped) {
            return Fit::Whole(shaped);
        }
        let rows = shaped["items"].as_array().map_or(0, Vec::len);
        let least = if rows > 1 { LEAST_CHARS } else { 0 };
        let longest = self.longest_texts(&shaped, least);
        let cut = shorten(&mut shaped, longest);
        let mut left_out = 0;
        if !self.holds(&shaped) && rows > 1 {
            let fitting = (rows * self.bytes / size(&shaped)).clamp(1, rows - 1);
            if list == Some(Pages::Many) {
                return Fit::Rows(fitting);
            }
            if let Some(items) = shaped["items"].as_array_mut() {
                items.truncate(fitting);
            }
            left_out = rows - fitting;
        }
        note(&mut shaped, cut, left_out);
        Fit::Whole(shaped)
    }

    fn pick_rows(&self, mut answer: Value) -> Value {
        let rows = answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let rows: Vec<Value> = rows.into_iter().map(|row| self.pick(row)).collect();
        let mut shaped = json!({"items": rows});
        if let Some(next) = answer.get("next_cursor") {
            if !next.is_null() {
                shaped["more"] = "There is more: call again with cursor = next_cursor.".into();
            }
            shaped["next_cursor"] = next.clone();
        }
        shaped
    }

    fn pick(&self, row: Value) -> Value {
        match row {
            Value::Object(row) => {
                row.into_iter().filter(|(name, _)| self.has(name) || name == "more").collect()
            }
            other => other,
        }
    }

    fn holds(&self, value: &Value) -> bool {
        size(value) <= self.bytes
    }

    /// The longest that texts may be so that all of it fits, in characters.
    fn longest_texts(&self, whole: &Value, least: usize) -> usize {
        let (mut low, mut high) = (least, self.bytes);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let mut tried = whole.clone();
            shorten(&mut tried, middle);
            if size(&tried) + NOTE_BYTES <= self.bytes {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

fn names(fields: &Value, known: &[String]) -> Result<Vec<String>, Refusal> {
    let wrong = || {
        let text = format!("fields: there are only these: {}.", known.join(", "));
        Refusal::new(422, text)
    };
    let fields = fields.as_array().filter(|fields| !fields.is_empty()).ok_or_else(wrong)?;
    let name = |field: &Value| {
        let name = field.as_str().filter(|name| known.iter().any(|k| k == name));
        name.map(str::to_owned).ok_or_else(wrong)
    };
    fields.iter().map(name).collect()
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

/// Cuts every text to so many characters; gives how many were cut, and how many characters in all.
fn shorten(value: &mut Value, longest: usize) -> (usize, usize) {
    match value {
        Value::String(text) => {
            let Some((at, _)) = text.char_indices().nth(longest) else { return (0, 0) };
            let left_out = text[at..].chars().count();
            text.truncate(at);
            text.push('…');
            (1, left_out)
        }
        Value::Array(values) => sum(values.iter_mut().map(|v| shorten(v, longest))),
        Value::Object(object) => {
            // A cursor that is cut is none.
            let texts =
                object.iter_mut().filter(|(name, _)| *name != "next_cursor" && *name != "more");
            sum(texts.map(|(_, v)| shorten(v, longest)))
        }
        _ => (0, 0),
    }
}

fn sum(cuts: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
    cuts.fold((0, 0), |all, cut| (all.0 + cut.0, all.1 + cut.1))
}

/// Says what is missing.
fn note(shaped: &mut Value, (texts, chars): (usize, usize), rows: usize) {
    let mut notes = Vec::new();
    if texts > 0 {
        notes.push(format!("{texts} texts end with …, {chars} characters are missing."));
    }
    if rows > 0 {
        notes.push(format!("{rows} more rows are left out."));
    }
    if notes.is_empty() {
        return;
    }
    notes.push("Ask with a larger max_tokens or fewer fields.".to_owned());
    notes.extend(shaped["more"].as_str().map(str::to_owned));
    shaped["more"] = notes.join(" ").into();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(fields: &[&str], tokens: u64) -> Shape {
        let known: Vec<String> = fields.iter().map(|f| (*f).to_owned()).collect();
        let mut arguments = Map::from_iter([("max_tokens".to_owned(), tokens.into())]);
        Shape::take(&mut arguments, &known, fields).unwrap()
    }

    fn whole(fit: Fit) -> Value {
        match fit {
            Fit::Whole(value) => value,
            Fit::Rows(rows) => panic!("{rows} rows"),
        }
    }

    #[test]
    fn only_the_fields_that_were_asked_for_are_given() {
        let ticket = json!({"number": 1, "title": "a", "metadata": {}});
        assert_eq!(whole(shape(&["number"], 200).fit(ticket, None)), json!({"number": 1}));
        let mut arguments = object_of(json!({"fields": ["nothing"]}));
        let refused = Shape::take(&mut arguments, &["title".to_owned()], &["title"]).unwrap_err();
        assert!(refused.to_string().contains("title"), "{refused}");
        let mut arguments = object_of(json!({"max_tokens": 1}));
        assert!(Shape::take(&mut arguments, &[], &[]).is_err());
    }

    fn object_of(value: Value) -> Map<String, Value> {
        super::super::tool::object(value)
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_that_is_said() {
        let long = "ä".repeat(10_000);
        let given = whole(shape(&["text"], 500).fit(json!({"text": long}), None));
        assert!(size(&given) <= 2_000, "{}", size(&given));
        let text = given["text"].as_str().unwrap();
        assert!(text.ends_with('…') && text.chars().count() > 500, "{}", text.len());
        let more = given["more"].as_str().unwrap();
        let missing = 10_000 - (text.chars().count() - 1);
        assert!(more.contains(&missing.to_string()), "{more}");
    }

    #[test]
    fn rows_that_do_not_fit_are_asked_for_again() {
        let rows: Vec<Value> =
            (0..100).map(|n| json!({"title": "x".repeat(100), "n": n})).collect();
        let list = json!({"items": rows, "next_cursor": "abc"});
        let fit = shape(&["title", "n"], 500).fit(list, Some(Pages::Many));
        let Fit::Rows(rows) = fit else { panic!("all fit") };
        assert!((1..30).contains(&rows), "{rows}");
    }

    #[test]
    fn rows_that_cannot_be_asked_for_again_are_left_out_and_that_is_said() {
        let rows: Vec<Value> =
            (0..100).map(|n| json!({"title": "x".repeat(100), "n": n})).collect();
        let fit = shape(&["title", "n"], 500).fit(json!({"items": rows}), Some(Pages::One));
        let given = whole(fit);
        let kept = given["items"].as_array().unwrap().len();
        let more = given["more"].as_str().unwrap();
        assert!(kept > 5 && more.contains(&(100 - kept).to_string()), "{kept}: {more}");
    }

    #[test]
    fn a_list_says_that_there_is_more() {
        let list = json!({"items": [{"n": 1}], "next_cursor": "abc"});
        let given = whole(shape(&["n"], 200).fit(list, Some(Pages::Many)));
        assert_eq!(given["next_cursor"], "abc");
        assert!(given["more"].as_str().unwrap().contains("cursor"));
        let last = json!({"items": [{"n": 1}], "next_cursor": null});
        assert_eq!(whole(shape(&["n"], 200).fit(last, Some(Pages::Many))).get("more"), None);
    }
}
