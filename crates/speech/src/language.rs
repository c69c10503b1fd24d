//! Which language is spoken.

/// A language is certain from this probability on (faster-whisper's `language_detection_threshold`).
const CERTAIN: f32 = 0.5;

/// How sure the model is of a language.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Whisper's code.
    pub language: String,
    pub probability: f32,
}

impl Guess {
    /// Whether the model is sure; of what is no speech, it hardly ever is.
    pub fn is_certain(&self) -> bool {
        self.probability >= CERTAIN
    }
}

/// The languages of a recording so far.
#[derive(Debug, Default)]
pub struct Languages {
    /// Whisper's codes, and for how many seconds each was spoken for certain.
    spoken: Vec<(String, f64)>,
}

impl Languages {
    /// The language to read a window of so many seconds of speech in: the one that is certain, else the
    /// one of the rest of the recording, else the likeliest.
    pub fn of_window(&mut self, guess: Guess, seconds: f64) -> String {
        if guess.is_certain() {
            match self.spoken.iter_mut().find(|(language, _)| *language == guess.language) {
                Some((_, spoken)) => *spoken += seconds,
                None => self.spoken.push((guess.language.clone(), seconds)),
            }
            return guess.language;
        }
        self.most_spoken().map_or(guess.language, str::to_owned)
    }

    /// The language that is spoken most, if any is certain; Whisper's code.
    pub fn most_spoken(&self) -> Option<&str> {
        let most = self.spoken.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        most.map(|(language, _)| language.as_str())
    }
}

/// The ISO 639-1 code of one of Whisper's; `None` where there is none.
pub fn iso_639_1(whisper: &str) -> Option<String> {
    match whisper {
        "jw" => Some("jv".to_owned()),
        "yue" => Some("zh".to_owned()),
        code if code.len() == 2 => Some(code.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(language: &str, probability: f32) -> Guess {
        Guess { language: language.into(), probability }
    }

    #[test]
    fn an_uncertain_window_is_read_like_the_rest() {
        let mut languages = Languages::default();
        assert_eq!(languages.of_window(guess("cy", 0.3), 1.0), "cy");
        assert_eq!(languages.most_spoken(), None);
        assert_eq!(languages.of_window(guess("en", 0.9), 10.0), "en");
        assert_eq!(languages.of_window(guess("de", 0.8), 20.0), "de");
        assert_eq!(languages.of_window(guess("en", 0.9), 5.0), "en");
        assert_eq!(languages.of_window(guess("cy", 0.49), 50.0), "de");
        assert_eq!(languages.most_spoken(), Some("de"));
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        assert_eq!(iso_639_1("en").as_deref(), Some("en"));
        assert_eq!(iso_639_1("jw").as_deref(), Some("jv"));
        assert_eq!(iso_639_1("haw"), None);
    }
}
