//! From the probability of each character at each step to a line of text (Graves et al.,
//! "Connectionist Temporal Classification", ICML 2006).

/// A character that was read, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// What it is.
    pub character: char,
    /// Its middle: 0 at the beginning of the line, 1 at its end.
    pub at: f32,
    /// How probable it is.
    pub confidence: f32,
}

/// The characters that the model knows, in its order.
pub(super) struct Charset(Vec<char>);

impl Charset {
    /// From the lines of the model's list; a blank comes before them and a space after them.
    pub fn parse(list: &str) -> Self {
        let known = list.split('\n').map(|line| line.chars().next().unwrap_or(' '));
        Self(known.chain([' ']).collect())
    }

    /// How many probabilities there are at each step.
    pub fn classes(&self) -> usize {
        self.0.len() + 1
    }

    /// The best character of each step, without repetitions and blanks. `used` is the part of the
    /// steps that the line takes; what comes after is padding.
    pub fn decode(&self, probabilities: &[f32], used: f32) -> Vec<Glyph> {
        let steps = probabilities.len() / self.classes();
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut last = 0;
        let mut first_step = 0;
        for (step, row) in probabilities.chunks_exact(self.classes()).enumerate() {
            let (class, confidence) = best(row);
            if class != last {
                first_step = step;
            }
            let middle = (first_step + step + 1) as f32 / 2.0;
            let at = (middle / (steps as f32 * used)).min(1.0);
            if class == 0 {
                last = 0;
                continue;
            }
            match glyphs.last_mut() {
                Some(glyph) if class == last => {
                    glyph.at = at;
                    glyph.confidence = glyph.confidence.max(confidence);
                }
                _ => glyphs.push(Glyph { character: self.0[class - 1], at, confidence }),
            }
            last = class;
        }
        glyphs
    }
}

/// The place of the greatest, and it.
fn best(row: &[f32]) -> (usize, f32) {
    // The greatest of a chunk is found by vector instructions; most chunks need no second look.
    let mut found = (0, f32::NEG_INFINITY);
    for (chunk, values) in row.chunks(64).enumerate() {
        let greatest = values.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        if greatest > found.1 {
            let place = values.iter().position(|&p| p >= greatest).unwrap_or_default();
            found = (chunk * 64 + place, greatest);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn charset() -> Charset {
        Charset::parse("a\nb")
    }

    fn steps(classes: &[usize]) -> Vec<f32> {
        classes
            .iter()
            .flat_map(|&class| (0..4).map(move |c| if c == class { 0.9 } else { 0.03 }))
            .collect()
    }

    fn text(classes: &[usize]) -> String {
        charset().decode(&steps(classes), 1.0).iter().map(|glyph| glyph.character).collect()
    }

    #[test]
    fn repetitions_are_one_unless_a_blank_parts_them() {
        assert_eq!(text(&[0, 1, 1, 0, 2, 3, 1, 0, 1]), "ab aa");
        assert_eq!(text(&[0, 0, 0]), "");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn a_character_is_in_the_middle_of_its_steps() {
        let glyphs = charset().decode(&steps(&[0, 1, 1, 0, 2, 0, 0, 0]), 1.0);
        assert_eq!(glyphs.iter().map(|g| g.at).collect::<Vec<_>>(), [0.25, 4.5 / 8.0]);
        let padded = charset().decode(&steps(&[0, 1, 1, 0, 2, 0, 0, 0]), 0.75);
        assert!((padded[0].at - 2.0 / 6.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn any_output_is_decoded(row in prop::collection::vec(any::<f32>(), 0..400)) {
            for glyph in charset().decode(&row, 0.5) {
                prop_assert!((0.0..=1.0).contains(&glyph.at));
            }
        }

        #[test]
        fn the_best_is_the_greatest(row in prop::collection::vec(0.0f32..1.0, 1..300)) {
            let (place, value) = best(&row);
            prop_assert!(row.iter().all(|&p| p <= value) && row[place] >= value);
        }
    }
}
