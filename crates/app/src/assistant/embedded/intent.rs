//! What a person wants, told from their words alone: plain rules that can be foretold.

use atc_core::id::TicketNumber;

/// What is made.
const THINGS: &[&str] = &[
    "ticket",
    "tickets",
    "incident",
    "case",
    "incidencia",
    "tique",
    "störungsmeldung",
    "zgłoszenie",
    "chamado",
];
/// Words that ask for it to be made.
const MAKES: &[&str] = &[
    "create",
    "file",
    "raise",
    "submit",
    "make",
    "log",
    "write",
    "open",
    "erstelle",
    "erstellen",
    "erstellst",
    "erstellt",
    "öffne",
    "öffnen",
    "eröffne",
    "eröffnen",
    "anlegen",
    "lege",
    "mach",
    "mache",
    "machen",
    "aufmachen",
    "créer",
    "crée",
    "créez",
    "ouvrir",
    "ouvre",
    "ouvrez",
    "crear",
    "crea",
    "cree",
    "abrir",
    "abre",
    "abra",
    "haz",
    "apri",
    "aprire",
    "criar",
    "crie",
    "maak",
    "utwórz",
    "stwórz",
    "załóż",
    "otwórz",
    "need",
    "want",
    "brauche",
    "möchte",
    "voudrais",
    "quiero",
    "necesito",
];
/// Words that are also said of a ticket that is there.
const ALSO_STATES: &[&str] = &["open", "ouvre", "abre"];
/// Small words that come before a new thing.
const DETERMINERS: &[&str] = &[
    "a", "an", "one", "new", "another", "me", "ein", "eine", "einen", "neues", "neue", "un", "une",
    "nouveau", "una", "nuevo", "nueva", "um", "uma", "novo", "nowe", "een",
];
/// Words that turn it round.
const NEGATIONS: &[&str] = &[
    "not",
    "don't",
    "dont",
    "don’t",
    "no",
    "never",
    "without",
    "kein",
    "keine",
    "keinen",
    "nicht",
    "ne",
    "n’ouvre",
    "pas",
    "sin",
    "nie",
    "não",
    "non",
    "niet",
    "geen",
];
/// Beginnings of questions about how it is done.
const HOWS: &[&str] =
    &["how", "where", "why", "wie", "wo", "warum", "comment", "cómo", "como", "dónde", "jak"];
/// How far before the thing the wish stands at most, in words.
const NEAR: usize = 6;

const YES: &[&str] = &[
    "yes",
    "yes please",
    "yeah",
    "yep",
    "ok",
    "okay",
    "sure",
    "do it",
    "go ahead",
    "please do",
    "ja",
    "ja bitte",
    "bitte",
    "gerne",
    "mach das",
    "oui",
    "oui merci",
    "d'accord",
    "d’accord",
    "vas-y",
    "sí",
    "si",
    "sí por favor",
    "vale",
    "de acuerdo",
    "sim",
    "tak",
    "yes do it",
    "yes make it",
    "yes create it",
];
const NO: &[&str] = &[
    "no",
    "no thanks",
    "no thank you",
    "nope",
    "don't",
    "cancel",
    "nein",
    "nein danke",
    "lieber nicht",
    "non",
    "non merci",
    "no gracias",
    "não",
    "nie",
];

/// Words that say nothing of the matter.
const EMPTY: &[&str] = &[
    "the", "and", "for", "with", "that", "this", "please", "thanks", "thank", "you", "can",
    "could", "would", "will", "want", "need", "have", "has", "had", "was", "are", "were", "been",
    "about", "from", "your", "our", "help", "hello", "hey", "hallo", "bitte", "danke", "ich",
    "wir", "sie", "der", "die", "das", "den", "dem", "ein", "eine", "einen", "und", "für", "mit",
    "mir", "mich", "dafür", "dazu", "können", "kannst", "könnte", "les", "des", "une", "pour",
    "moi", "vous", "merci", "bonjour", "peux", "pouvez", "para", "por", "favor", "una", "uno",
    "los", "las", "hola", "gracias", "puede", "puedes", "new", "another", "neues", "nouveau",
    "nuevo", "one", "now", "jetzt", "support", "just", "then", "there", "here", "what", "how",
    "when", "where", "why", "who", "yes", "der", "doch", "mal", "i'd", "i’d", "like", "it's",
    "let's", "let", "us", "me", "my", "daraus", "good", "morning", "evening", "guten", "tag",
    "morgen", "abend", "bonsoir", "buenos", "buenas", "días", "tardes",
];

/// Whether the person wants a ticket to be made.
pub(super) fn wants_ticket(text: &str) -> bool {
    text.split(['.', '!', '?', '\n', ';', ':']).any(|sentence| {
        let words = words(sentence);
        if words.first().is_some_and(|first| HOWS.contains(&first.as_str())) {
            return false;
        }
        words
            .iter()
            .enumerate()
            .any(|(at, word)| THINGS.contains(&word.as_str()) && is_asked_for(&words, at))
    })
}

/// Whether a wish stands near the thing at this place.
fn is_asked_for(words: &[String], thing: usize) -> bool {
    let from = thing.saturating_sub(NEAR);
    let to = (thing + NEAR).min(words.len());
    words[from..to].iter().enumerate().any(|(at, word)| {
        let at = from + at;
        if at == thing || !MAKES.contains(&word.as_str()) {
            return false;
        }
        let before = &words[at.saturating_sub(3)..at];
        let between = &words[at.min(thing)..at.max(thing)];
        let turned = before.iter().chain(between).any(|w| NEGATIONS.contains(&w.as_str()));
        let makes = !ALSO_STATES.contains(&word.as_str())
            || at == 0
            || words.get(at + 1).is_some_and(|next| DETERMINERS.contains(&next.as_str()));
        let new = at > thing
            || between.len() == 1
            || between[1..].iter().any(|w| DETERMINERS.contains(&w.as_str()))
            || between.len() < 4 && !between.iter().any(|w| w == "my" || w == "the");
        makes && new && !turned
    })
}

/// Whether a text says something of a matter, besides wishes and courtesies.
pub(super) fn says_something(text: &str) -> bool {
    // Scripts without spaces make one word of a sentence.
    let long = |word: &String| word.chars().filter(|c| *c >= '\u{2e80}').count() >= 4;
    let telling = telling_words(text);
    telling.len() >= 2 || telling.iter().any(long)
}

/// The words of a text that say something.
pub(super) fn telling_words(text: &str) -> Vec<String> {
    let known = |word: &String| {
        [THINGS, MAKES, EMPTY, NEGATIONS, DETERMINERS]
            .iter()
            .any(|list| list.contains(&word.as_str()))
    };
    let mut telling: Vec<String> = words(text)
        .into_iter()
        .filter(|word| word.chars().count() > 2 || !word.is_ascii())
        .filter(|word| !known(word))
        .collect();
    telling.sort_unstable();
    telling.dedup();
    telling
}

/// Whether the person says yes, and nothing else.
pub(super) fn agrees(text: &str) -> bool {
    YES.contains(&words(text).join(" ").as_str())
}

/// Whether the person says no, and nothing else.
pub(super) fn declines(text: &str) -> bool {
    NO.contains(&words(text).join(" ").as_str())
}

/// Whether the person says thanks, and little else.
pub(super) fn thanks(text: &str) -> bool {
    const THANKS: &[&str] = &[
        "thanks",
        "thank",
        "thx",
        "cheers",
        "danke",
        "dankeschön",
        "merci",
        "gracias",
        "grazie",
        "obrigado",
        "obrigada",
        "dzięki",
        "dank",
        "bedankt",
    ];
    !says_something(text) && words(text).iter().any(|word| THANKS.contains(&word.as_str()))
}

/// The tickets that a text names: `#12`, or `ticket 12`.
pub(super) fn named_tickets(text: &str) -> Vec<TicketNumber> {
    let mut named = Vec::new();
    let mut before_is_thing = false;
    for raw in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')')) {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '#');
        let digits = word.strip_prefix('#');
        let number = digits.or(before_is_thing.then_some(word)).and_then(|d| d.parse().ok());
        if let Some(number) = number.filter(|n: &i64| *n > 0).map(TicketNumber)
            && !named.contains(&number)
        {
            named.push(number);
        }
        let lower = word.to_lowercase();
        before_is_thing = THINGS.contains(&lower.as_str()) || before_is_thing && is_label(&lower);
    }
    named
}

fn is_label(word: &str) -> bool {
    matches!(word, "number" | "no" | "nr" | "nummer" | "numéro" | "número" | "nº")
}

/// Whether the person asks how far something is.
pub(super) fn asks_for_status(text: &str) -> bool {
    const ASKS: &[&str] = &[
        "status",
        "state",
        "progress",
        "news",
        "update",
        "stand",
        "neues",
        "neuigkeiten",
        "état",
        "statut",
        "avancement",
        "estado",
        "novedades",
    ];
    words(text).iter().any(|word| ASKS.contains(&word.as_str()))
}

fn words(text: &str) -> Vec<String> {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_');
    text.split(|c: char| !legal(c))
        .map(|word| word.trim_matches(['\'', '’', '-']).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_a_ticket_is_heard() {
        for text in [
            "Please create a ticket: the printer on floor 3 is jammed",
            "open a ticket for me",
            "Open ticket please",
            "I need a ticket for this",
            "Could you file a new support ticket?",
            "Bitte erstelle ein Ticket, der Drucker streikt.",
            "Kannst du dafür ein Ticket anlegen?",
            "Peux-tu créer un ticket ?",
            "Crea un ticket, por favor",
        ] {
            assert!(wants_ticket(text), "{text}");
        }
    }

    #[test]
    fn talk_about_tickets_is_no_wish() {
        for text in [
            "How do I create a ticket?",
            "Wie erstelle ich ein Ticket?",
            "Are there open tickets about printers?",
            "What about my open ticket?",
            "Please don't create a ticket yet",
            "Bitte kein Ticket erstellen",
            "My printer is broken",
            "What is the status of ticket 12?",
        ] {
            assert!(!wants_ticket(text), "{text}");
        }
    }

    #[test]
    fn a_bare_wish_says_nothing_of_a_matter() {
        for text in [
            "Create a ticket",
            "Please open a ticket for me, thanks!",
            "Bitte erstelle ein Ticket für mich",
        ] {
            assert!(!says_something(text), "{text}: {:?}", telling_words(text));
        }
        assert!(says_something("The printer is jammed"));
        assert!(says_something("打印机 坏了") && says_something("打印机坏了"));
    }

    #[test]
    fn tickets_are_named_by_number() {
        let numbers = |text| named_tickets(text).iter().map(|n| n.0).collect::<Vec<_>>();
        assert_eq!(numbers("What about #12 and ticket 7, ticket number 9?"), [12, 7, 9]);
        assert_eq!(numbers("I have 3 printers and 2 tickets"), [0; 0]);
        assert_eq!(numbers("#0 #-1 #x"), [0; 0]);
    }

    #[test]
    fn a_greeting_is_no_matter() {
        for text in ["Hello!", "Good morning", "Guten Tag", "Buenos días", "Bonjour"] {
            assert!(!says_something(text), "{text}");
        }
    }

    #[test]
    fn thanks_are_no_matter() {
        assert!(thanks("thanks, that helped") && thanks("Danke!") && thanks("Merci beaucoup"));
        assert!(!thanks("Thanks, but the printer is still jammed") && !thanks("Hello"));
    }

    #[test]
    fn yes_and_no_are_said_alone() {
        assert!(agrees("Yes, please!") && agrees("Ja.") && agrees("OK"));
        assert!(!agrees("Yes, but change the title"));
        assert!(declines("No, thanks") && !declines("No printer works"));
    }
}
