//! Cutting an article into passages that a model reads at once and a person reads as a snippet.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// How many characters a passage has at most: about what the embedding model reads at once.
const PASSAGE_CHARS: usize = 800;
/// The most passages of an article.
const MAX_PASSAGES: usize = 64;

/// A passage of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PassageText {
    /// The passage as plain text.
    pub text: String,
    /// What stands for it in the vector space: the title gives a passage its subject.
    pub to_embed: String,
}

/// The title, then the passages of an article, in order. The title stands alone as well, because a
/// short question is often closest to it.
pub(crate) fn of_article(title: &str, markdown: &str) -> Vec<PassageText> {
    let mut passages: Vec<String> = Vec::new();
    for block in blocks(markdown) {
        for piece in pieces(&block) {
            match passages.last_mut() {
                Some(last) if last.chars().count() + piece.chars().count() < PASSAGE_CHARS => {
                    last.push('\n');
                    last.push_str(&piece);
                }
                _ => passages.push(piece),
            }
        }
    }
    passages.truncate(MAX_PASSAGES);
    let alone = PassageText { text: title.to_owned(), to_embed: title.to_owned() };
    let with_title = |text| PassageText { to_embed: format!("{title}\n{text}"), text };
    std::iter::once(alone).chain(passages.into_iter().map(with_title)).collect()
}

/// The paragraphs, headings, items and code blocks of a Markdown text, as plain text.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block = String::new();
    let mut end = |block: &mut String| {
        let text = block.trim();
        if !text.is_empty() {
            blocks.push(text.to_owned());
        }
        block.clear();
    };
    for event in Parser::new(markdown) {
        match event {
            Event::Text(text) | Event::Code(text) => block.push_str(&text),
            Event::SoftBreak | Event::HardBreak => block.push(' '),
            Event::Start(Tag::Item | Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_))
            | Event::End(
                TagEnd::Item | TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock,
            )
            | Event::Rule => end(&mut block),
            _ => {}
        }
    }
    end(&mut block);
    blocks
}

/// A block in pieces no longer than a passage, cut between sentences or else between words.
fn pieces(block: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = block;
    while let Some((limit, _)) = rest.char_indices().nth(PASSAGE_CHARS) {
        let head = &rest[..limit];
        let cut = [". ", "! ", "? ", "\n", " "]
            .iter()
            .find_map(|mark| {
                head.rfind(mark).map(|at| at + mark.len()).filter(|at| *at > limit / 2)
            })
            .unwrap_or(limit);
        pieces.push(rest[..cut].trim().to_owned());
        rest = &rest[cut..];
    }
    pieces.push(rest.trim().to_owned());
    pieces.retain(|p| !p.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_plain_passages() {
        let md = "# Reset\n\nOpen **Settings** → [Security](https://x.y).\n\n- one\n- two\n\n```\ncode\n```";
        let passages = of_article("Reset your password", md);
        assert_eq!(passages.len(), 2);
        assert_eq!(passages[0].to_embed, "Reset your password");
        assert_eq!(passages[1].text, "Reset\nOpen Settings → Security.\none\ntwo\ncode");
        assert!(passages[1].to_embed.starts_with("Reset your password\n"));
    }

    #[test]
    fn long_text_is_cut_between_sentences_and_bounded() {
        let sentence = "This sentence has exactly forty-six letters. ";
        let passages = of_article("t", &sentence.repeat(100));
        assert!(passages.len() > 5);
        assert!(passages.iter().all(|p| p.text.chars().count() <= PASSAGE_CHARS));
        assert!(passages[1..].iter().all(|p| p.text.ends_with('.')));
        let endless = of_article("t", &"x".repeat(200_000));
        assert_eq!(endless.len(), MAX_PASSAGES + 1);
    }

    #[test]
    fn an_article_without_text_is_its_title() {
        let passages = of_article("Title", "");
        assert_eq!(passages.len(), 1);
        assert_eq!(passages[0].text, "Title");
    }
}
