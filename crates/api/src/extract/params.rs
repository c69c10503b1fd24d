//! Query parameters: read strictly, all faults at once.

use std::str::FromStr;

use atc_core::error::Faults;
use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use http::request::Parts;

use crate::{ApiState, problem::Problem};

/// The parameters of a query, taken one by one; what is left over is a fault.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    faults: Faults,
}

/// A set of parameters that is read from a query.
pub(crate) trait FromParams: Sized {
    /// Takes what it needs; faults are noted in `params`.
    fn from_params(params: &mut Params) -> Self;
}

/// The parameters of the request's query.
pub(crate) struct Query<T>(pub T);

impl<T: FromParams + Send> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let mut params = Params {
            pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            faults: Faults::new(),
        };
        let read = T::from_params(&mut params);
        Ok(Self(params.finish(read)?))
    }
}

impl Params {
    /// All values of a parameter that may repeat.
    pub fn all<T>(&mut self, name: &str) -> Vec<T>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.all_with(name, |text| text.parse())
    }

    /// The value of a parameter that stands at most once.
    pub fn one<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.one_with(name, |text| text.parse())
    }

    /// All values of a parameter that may repeat, taken by `parse`.
    pub fn all_with<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(String) -> Result<T, E>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for text in self.take(name) {
            match parse(text) {
                Ok(value) => values.push(value),
                Err(e) => self.fault(name, sentence(&e.to_string())),
            }
        }
        values
    }

    /// A point in time.
    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.one_with(name, |text| {
            text.parse().map_err(|_| "This is no time such as 2026-01-31T12:00:00Z.")
        })
    }

    /// Notes a fault.
    pub fn fault(&mut self, name: &str, message: impl Into<String>) {
        self.faults.parameter(name, message);
    }

    /// The value of a parameter that stands at most once, taken by `parse`.
    pub fn one_with<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(String) -> Result<T, E>,
    ) -> Option<T> {
        let mut values = self.all_with(name, parse);
        if values.len() > 1 {
            self.fault(name, "This parameter stands more than once.");
        }
        values.pop()
    }

    fn take(&mut self, name: &str) -> Vec<String> {
        let (mine, rest) =
            std::mem::take(&mut self.pairs).into_iter().partition(|(n, _)| n == name);
        self.pairs = rest;
        let mine: Vec<(String, String)> = mine;
        let mut values = Vec::with_capacity(mine.len());
        for (_, value) in mine {
            if value.contains('\0') {
                self.fault(name, "The character U+0000 (NUL) is not allowed.");
            } else {
                values.push(value);
            }
        }
        values
    }

    fn finish<T>(mut self, value: T) -> atc_core::Result<T> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.faults.parameter(name, "There is no such parameter.");
        }
        self.faults.finish(Some(value))
    }
}

/// An error of a library as a sentence of ours.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
