//! Which category a text belongs to: by what the categories say of themselves, and by what people
//! have decided before.

mod description;
mod lexical;
mod verdict;
mod zero_shot;

pub(crate) use verdict::{Verdict, decide, priors};
pub(crate) use zero_shot::{Categories, Reading};
