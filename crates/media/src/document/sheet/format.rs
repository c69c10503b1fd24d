//! Numbers as a workbook shows them, as far as their meaning goes: dates, times and per cents.

use std::{collections::BTreeMap, io::Read};

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};

use super::super::xml::{Node, Xml};
use crate::ReadError;

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Number,
    /// With so many decimals.
    Percent(usize),
    Date,
    Time,
    DateAndTime,
}

/// The meanings of the styles that cells have.
#[derive(Default)]
pub(super) struct Formats {
    styles: Vec<Meaning>,
    since_1904: bool,
}

impl Formats {
    /// Reads the part with the styles.
    pub(super) fn read<R: Read>(xml: Option<Xml<R>>, since_1904: bool) -> Result<Self, ReadError> {
        let mut formats = Self { styles: Vec::new(), since_1904 };
        let Some(mut xml) = xml else { return Ok(formats) };
        let mut codes = BTreeMap::new();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Node::Start(element) => match element.name() {
                    "numFmt" => {
                        let id = element.attribute("numFmtId").unwrap_or_default();
                        codes.insert(id, element.attribute("formatCode").unwrap_or_default());
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id = element.attribute("numFmtId").unwrap_or_default();
                        let code = codes.get(&id).map_or_else(|| built_in(&id), String::as_str);
                        formats.styles.push(meaning(code));
                    }
                    _ => {}
                },
                Node::End(element) if element.name() == "cellXfs" => in_cells = false,
                Node::Eof => return Ok(formats),
                _ => {}
            }
        }
    }

    /// The number as people see it; as it stands where it is none.
    pub(super) fn shown(&self, value: &str, style: usize) -> String {
        let Ok(number) = value.parse::<f64>() else { return value.to_owned() };
        let meaning = self.styles.get(style).copied().unwrap_or(Meaning::Number);
        match meaning {
            Meaning::Number => None,
            Meaning::Percent(decimals) => Some(format!("{:.decimals$}%", number * 100.0)),
            _ => self.moment(number).map(|at| match meaning {
                Meaning::Date => at.format("%Y-%m-%d").to_string(),
                Meaning::Time => at.format("%H:%M:%S").to_string(),
                _ => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            }),
        }
        .unwrap_or_else(|| format!("{number}"))
    }

    /// Days since the beginning of the calendar (section 18.17.4). It takes 1900 for a leap year, so
    /// that its first two months are a day late.
    fn moment(&self, number: f64) -> Option<NaiveDateTime> {
        const LAST_DAY: f64 = 2_958_465.0;
        if !(0.0..=LAST_DAY + 1.0).contains(&number) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 2,958,466 days of 86,400 s")]
        let seconds = (number * 86_400.0).round() as i64;
        let base = if self.since_1904 { (1904, 1, 1) } else { (1899, 12, 30) };
        let early = u64::from(!self.since_1904 && number < 60.0);
        let base =
            NaiveDate::from_ymd_opt(base.0, base.1, base.2)?.checked_add_days(Days::new(early))?;
        base.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::seconds(seconds))
    }
}

/// The codes of the formats that need no declaration (section 18.8.30), as far as they matter here.
fn built_in(id: &str) -> &'static str {
    match id.parse::<u32>().unwrap_or(0) {
        9 => "0%",
        10 => "0.00%",
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
        18..=21 | 32..=35 | 45..=47 | 55 | 56 => "hh:mm:ss",
        22 => "yyyy-mm-dd hh:mm",
        _ => "General",
    }
}

/// What a code means, by the letters outside of quotation and brackets (section 18.8.31). Only the
/// first of its up to four variants counts.
fn meaning(code: &str) -> Meaning {
    let (mut date, mut time, mut minute) = (false, false, false);
    let mut percent = None;
    let mut decimals = None;
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                letters.find(|c| *c == '"');
            }
            '[' => {
                // Elapsed time is `[h]`; colours and conditions are longer.
                let inside: String = letters.by_ref().take_while(|c| *c != ']').collect();
                time |= matches!(inside.to_ascii_lowercase().as_str(), "h" | "hh" | "mm" | "ss");
            }
            '\\' | '_' | '*' => {
                letters.next();
            }
            ';' => break,
            'y' | 'Y' | 'd' | 'D' => date = true,
            'h' | 'H' | 's' | 'S' => time = true,
            'm' | 'M' => minute = true,
            '.' => decimals = Some(0),
            '0' | '#' => decimals = decimals.map(|count: usize| (count + 1).min(10)),
            '%' => percent = Some(decimals.unwrap_or(0)),
            // `General` is no date, though it has letters of one.
            'G' | 'g' if code.eq_ignore_ascii_case("general") => return Meaning::Number,
            _ => {}
        }
    }
    match (percent, date || (minute && !time), time) {
        (Some(decimals), ..) => Meaning::Percent(decimals),
        (None, true, true) => Meaning::DateAndTime,
        (None, true, false) => Meaning::Date,
        (None, false, true) => Meaning::Time,
        (None, false, false) => Meaning::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_their_letters_say() {
        for (code, expected) in [
            ("General", Meaning::Number),
            ("#,##0.00", Meaning::Number),
            ("0.0%", Meaning::Percent(1)),
            ("dd/mm/yyyy", Meaning::Date),
            ("mmm-yy", Meaning::Date),
            ("mm:ss", Meaning::Time),
            ("[h]:mm", Meaning::Time),
            ("d/m/yy h:mm", Meaning::DateAndTime),
            ("[Red]0.00;[Blue]-0.00", Meaning::Number),
            ("0\" days\"", Meaning::Number),
            ("[$-409]d-mmm-yyyy;@", Meaning::Date),
        ] {
            assert_eq!(meaning(code), expected, "{code}");
        }
    }

    #[test]
    fn numbers_are_shown_by_their_meaning() {
        let formats = Formats {
            styles: vec![Meaning::Number, Meaning::Percent(0), Meaning::Date, Meaning::DateAndTime],
            since_1904: false,
        };
        for (value, style, expected) in [
            ("0.10000000000000001", 0, "0.1"),
            ("42.0", 0, "42"),
            ("1e3", 0, "1000"),
            ("0.15", 1, "15%"),
            ("45292", 2, "2024-01-01"),
            ("1", 2, "1900-01-01"),
            ("45292.5", 3, "2024-01-01 12:00:00"),
            ("-1", 2, "-1"),
            ("1e300", 2, &format!("{}", 1e300)),
            ("not a number", 2, "not a number"),
        ] {
            assert_eq!(formats.shown(value, style), expected);
        }
    }
}
