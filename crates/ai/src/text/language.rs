//! The language of a text.

use unicode_segmentation::UnicodeSegmentation;
use whatlang::{Lang, detect};

/// The most characters that are looked at.
const MAX_CHARS: usize = 4_000;
/// Texts of fewer words are judged by their commonest words as well.
const SHORT: usize = 12;

/// Words that stand in nearly every sentence of a language and seldom in one of another.
const COMMON: [(&str, &str); 8] = [
    (
        "en",
        "the is are was i my we you it to and of for not can cannot how what this that with have please when after does",
    ),
    (
        "de",
        "der die das ist ich und nicht mein meine wir ein eine mit auf für kann bitte wie seit nach",
    ),
    (
        "fr",
        "le la les est je ne pas mon ma nous une des et avec pour dans impossible bonjour depuis mes",
    ),
    ("es", "el los las es yo mi no puedo una por para con que del hola cuando desde se"),
    ("it", "il lo gli è non mio mia una per con che sono come dopo quando posso"),
    ("pt", "o os é não meu minha uma para com que eu consigo por quando após desde"),
    ("ru", "не и в на я мы что это у нас меня с после как когда пожалуйста"),
    ("nl", "de het een is ik niet mijn wij en van voor met kan op sinds bij"),
];

/// ISO 639-1 code of the language; `None` when it cannot be told.
pub(crate) fn language(text: &str) -> Option<String> {
    let start: String = text.chars().take(MAX_CHARS).collect();
    let words: Vec<String> = start.unicode_words().map(str::to_lowercase).collect();
    let letters = words.iter().any(|w| w.chars().any(char::is_alphabetic));
    if !letters {
        return None;
    }
    let detected = detect(&start);
    if let Some(found) = &detected
        && found.is_reliable()
        && words.len() >= SHORT
    {
        return code(found.lang()).map(str::to_owned);
    }
    let hits =
        |common: &str| words.iter().filter(|w| common.split(' ').any(|c| c == w.as_str())).count();
    let mut ranked: Vec<(usize, &str)> = COMMON.iter().map(|(code, c)| (hits(c), *code)).collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    if ranked[0].0 > ranked[1].0 {
        return Some(ranked[0].1.to_owned());
    }
    // Scripts that one language alone uses are told by a single word.
    detected.filter(whatlang::Info::is_reliable).and_then(|d| code(d.lang())).map(str::to_owned)
}

fn code(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "nb",
        Lang::Fin => "fi",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Bul => "bg",
        Lang::Ell => "el",
        Lang::Tur => "tr",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Pes => "fa",
        Lang::Hin => "hi",
        Lang::Ben => "bn",
        Lang::Tha => "th",
        Lang::Vie => "vi",
        Lang::Ind => "id",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Cmn => "zh",
        Lang::Cat => "ca",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Slv => "sl",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_even_by_short_texts() {
        let cases = [
            ("I cannot log in", Some("en")),
            ("Our card was charged twice for invoice INV-20417 in October.", Some("en")),
            ("Ich kann mich nicht anmelden", Some("de")),
            ("Je ne peux pas me connecter à mon compte", Some("fr")),
            ("No puedo iniciar sesión en mi cuenta", Some("es")),
            ("プリンターが動きません", Some("ja")),
            ("Принтер не печатает с сегодняшнего утра, помогите пожалуйста", Some("ru")),
            ("12345 !!!", None),
            ("🔥", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(language(text).as_deref(), expected, "{text}");
        }
    }
}
