//! What stands in a form, or in a query that is like one.

use atc_core::{Error, ErrorCode};
use axum::body::Body;

/// The most bytes of a form.
const MOST_BYTES: usize = 16 * 1024;

/// The fields of a form in their order.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

/// A field stands more than once where once is meant.
#[derive(Debug)]
pub(crate) struct Twice;

impl Form {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// When it is too large or breaks off.
    pub async fn read(body: Body) -> Result<Self, Error> {
        let bytes = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|e| {
            Error::new(ErrorCode::Malformed, "The form cannot be read; send it again.")
                .with_source(e)
        })?;
        Ok(Self::parse(&bytes))
    }

    /// Reads a query.
    pub fn of_query(query: &str) -> Self {
        Self::parse(query.as_bytes())
    }

    fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field; of several the last, none where it is missing.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// The value of a field that stands once at most; an empty one counts as missing (RFC 6749, 3.1).
    ///
    /// # Errors
    /// When it stands more often, or holds what no database keeps.
    pub fn once(&self, name: &str) -> Result<Option<String>, Twice> {
        let mut values = self.all(name);
        let (first, second) = (values.next(), values.next());
        if second.is_some() || first.is_some_and(|text| text.contains('\0')) {
            return Err(Twice);
        }
        Ok(first.filter(|text| !text.is_empty()).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_once_or_all() {
        let form = Form::of_query("a=1&b=&c=2&c=3&d=%00");
        assert_eq!(form.once("a").unwrap().as_deref(), Some("1"));
        assert_eq!(form.once("b").unwrap(), None);
        assert_eq!(form.once("x").unwrap(), None);
        assert!(form.once("c").is_err() && form.once("d").is_err());
        assert_eq!(form.all("c").collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(form.last("c"), Some("3"));
    }
}
