//! JSON Lines: one object a line.

use std::{
    io::{self, BufRead, Read, Write},
    marker::PhantomData,
};

use serde::de::DeserializeOwned;

use super::{Line, Lines, MOST_BYTES, Numbered, without_place};

/// The lines of a file. Blank ones are passed over, but counted.
pub fn read<'a, L: Line + 'a>(input: impl BufRead + 'a) -> Lines<'a, L> {
    Box::new(Reader { input, number: 0, line: PhantomData })
}

struct Reader<R, L> {
    input: R,
    number: u64,
    line: PhantomData<fn() -> L>,
}

impl<R: BufRead, L: DeserializeOwned> Iterator for Reader<R, L> {
    type Item = io::Result<Numbered<L>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut bytes = Vec::new();
            let limited = &mut (&mut self.input).take(MOST_BYTES + 1);
            match limited.read_until(b'\n', &mut bytes) {
                Err(e) => return Some(Err(e)),
                Ok(0) => return None,
                Ok(_) => self.number += 1,
            }
            let number = self.number;
            if bytes.len() as u64 > MOST_BYTES {
                let fault = format!("longer than {MOST_BYTES} bytes");
                let rest = self.skip_line(&bytes);
                return Some(rest.map(|()| Numbered { number, line: Err(fault) }));
            }
            // What some editors put at the beginning of a file.
            let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
                Some(rest) if number == 1 => rest,
                _ => &bytes,
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let line = serde_json::from_slice(bytes).map_err(|e| without_place(&e));
            return Some(Ok(Numbered { number, line }));
        }
    }
}

impl<R: BufRead, L> Reader<R, L> {
    fn skip_line(&mut self, begun: &[u8]) -> io::Result<()> {
        if begun.ends_with(b"\n") {
            return Ok(());
        }
        loop {
            let (used, ended) = {
                let rest = self.input.fill_buf()?;
                match rest.iter().position(|b| *b == b'\n') {
                    Some(at) => (at + 1, true),
                    None => (rest.len(), rest.is_empty()),
                }
            };
            self.input.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

/// Writes one line.
pub fn write<L: Line>(output: &mut dyn Write, line: &L) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::transfer::{CategoryLine, TicketLine};

    fn numbers(input: &[u8]) -> Vec<(u64, Option<String>)> {
        read::<CategoryLine>(input)
            .map(|line| line.unwrap())
            .map(|line| (line.number, line.line.err()))
            .collect()
    }

    #[test]
    fn lines_keep_their_numbers_whatever_stands_between_them() {
        let mut input = b"\xef\xbb\xbf{\"slug\":\"a\",\"name\":\"A\"}\r\n\n".to_vec();
        input.extend(b"{\"slug\":1}\n{\n{\"x\":1}\n");
        input.extend(vec![b'x'; usize::try_from(MOST_BYTES).unwrap() + 5]);
        input.extend(b"\n{\"slug\":\"b\"}");
        let found = numbers(&input);
        let lines: Vec<_> = found.iter().map(|(n, _)| *n).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7]);
        let good: Vec<_> = found.iter().filter(|(_, e)| e.is_none()).map(|(n, _)| *n).collect();
        assert_eq!(good, [1, 7]);
        assert!(found[3].1.as_ref().unwrap().contains("unknown field `x`"), "{found:?}");
    }

    #[test]
    fn lone_surrogates_and_foreign_bytes_are_faults_of_their_line() {
        let input =
            b"{\"slug\":\"\\ud800\"}\n{\"slug\":\"\xff\"}\n{\"slug\":\"a\",\"slug\":\"b\"}\n";
        assert!(numbers(input).iter().all(|(_, fault)| fault.is_some()));
    }

    proptest! {
        /// Whatever a file holds, each of its lines stands or falls for itself, and keeps its number.
        #[test]
        fn any_file_is_lines_that_are_counted(
            lines in vec(prop_oneof![
                vec(any::<u8>().prop_filter("an end", |b| *b != b'\n'), 0..40),
                "\\{\"(title|slug|tags|x)\":[\\[\\]{}\":,a-z0-9]{0,20}\\}".prop_map(String::into_bytes),
                Just(b"{\"title\":\"A\",\"description\":\"\"}".to_vec()),
            ], 0..12),
        ) {
            let input = lines.join(&b'\n');
            let blank = |line: &[u8]| line.trim_ascii().is_empty();
            let mut expected = lines.iter().enumerate().filter(|(_, line)| !blank(line));
            for line in read::<TicketLine>(&input[..]) {
                let line = line.unwrap();
                let (number, bytes) = expected.next().unwrap();
                prop_assert_eq!(line.number, number as u64 + 1);
                prop_assert_eq!(line.line.is_ok(), serde_json::from_slice::<TicketLine>(bytes).is_ok());
                let _ = line.line.map(Line::parse);
            }
            let left = expected.filter(|(n, line)| *n > 0 || line.as_slice() != b"\xef\xbb\xbf").count();
            prop_assert_eq!(left, 0);
        }
    }
}
