//! From the text of a key to its value. What is wrong is said as the rest of a sentence.

use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

/// A whole number within bounds.
pub fn number<T>(range: RangeInclusive<T>) -> impl FnOnce(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        let number = text.parse().ok().filter(|n| range.contains(n));
        number.ok_or_else(|| {
            format!("is not a whole number from {} to {}", range.start(), range.end())
        })
    }
}

/// A time in whole seconds.
pub fn seconds(range: RangeInclusive<u64>) -> impl FnOnce(&str) -> Result<Duration, String> {
    move |text| number(range)(text).map(Duration::from_secs)
}

/// One of a few words, each with what it stands for.
pub fn word<T: Copy, const N: usize>(
    words: [(&'static str, T); N],
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| {
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            format!("is none of {}", names.join(", "))
        })
    }
}

/// Yes or no.
pub fn flag(text: &str) -> Result<bool, String> {
    word([
        ("true", true),
        ("false", false),
        ("1", true),
        ("0", false),
        ("yes", true),
        ("no", false),
    ])(text)
}

/// A folder or a file.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.contains(['\0', char::REPLACEMENT_CHARACTER]) {
        return Err("is not a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// Values separated by commas.
pub fn list<T>(
    item: impl Fn(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<Vec<T>, String> {
    move |text| text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(item).collect()
}
