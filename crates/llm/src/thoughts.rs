//! Models that think aloud: some servers leave `<think>…</think>` at the beginning of the answer.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Takes an answer in pieces and gives it back without the thoughts at its beginning.
#[derive(Debug, Default)]
pub(crate) struct Thoughts {
    held: String,
    state: State,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    /// Nothing but the beginning of the tag or space has come.
    #[default]
    Beginning,
    Thinking,
    /// The thoughts have ended, the space after them has not.
    Ended,
    Speaking,
}

impl Thoughts {
    /// The next piece; what of it, and of what was held back, is the answer.
    pub fn piece(&mut self, piece: &str) -> String {
        if self.state == State::Speaking {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        loop {
            match self.state {
                State::Beginning => {
                    let begun = self.held.trim_start();
                    if let Some(rest) = begun.strip_prefix(OPEN) {
                        self.held = rest.to_owned();
                        self.state = State::Thinking;
                    } else if OPEN.starts_with(begun) {
                        return String::new();
                    } else {
                        self.state = State::Speaking;
                    }
                }
                State::Thinking => {
                    let Some(at) = self.held.find(CLOSE) else {
                        // Only what may be the beginning of the end is needed.
                        let mut keep = self.held.len().saturating_sub(CLOSE.len());
                        while !self.held.is_char_boundary(keep) {
                            keep -= 1;
                        }
                        self.held.drain(..keep);
                        return String::new();
                    };
                    self.held.drain(..at + CLOSE.len());
                    self.state = State::Ended;
                }
                State::Ended => {
                    let rest = self.held.trim_start().to_owned();
                    self.held = rest;
                    if self.held.is_empty() {
                        return String::new();
                    }
                    self.state = State::Speaking;
                }
                State::Speaking => return std::mem::take(&mut self.held),
            }
        }
    }

    /// The end: what was held back in vain.
    pub fn end(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.state == State::Beginning { held } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_left_out_wherever_the_answer_is_cut() {
        for (said, answer) in [
            ("<think>\nA < b, ä</think>\n\nYes.", "Yes."),
            (" \n<think></think>Yes <think> no", "Yes <think> no"),
            ("<thin air>", "<thin air>"),
            ("  <th", "  <th"),
            ("<think>and on ö", ""),
            ("<think>x</think>  ", ""),
            ("", ""),
            ("{\"a\": \"</think>\"}", "{\"a\": \"</think>\"}"),
        ] {
            for cut in (0..=said.len()).filter(|at| said.is_char_boundary(*at)) {
                let mut thoughts = Thoughts::default();
                let (first, second) = said.split_at(cut);
                let told = thoughts.piece(first) + &thoughts.piece(second) + &thoughts.end();
                assert_eq!(told, answer, "{said:?} cut at {cut}");
            }
        }
    }
}
