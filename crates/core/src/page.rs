//! Lists in pages, by keyset: a page is found by the last row of the one before, never by counting.

/// How many rows a page has: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most rows of a page.
    pub const MAX: u16 = 100;

    /// Takes a number of rows from 1 to [`Limit::MAX`].
    #[must_use]
    pub fn new(rows: u64) -> Option<Self> {
        u16::try_from(rows).ok().filter(|n| (1..=Self::MAX).contains(n)).map(Self)
    }

    /// The number of rows.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0 as u64
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// Which part of a list is wanted; `after` is the position of the last row that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<P> {
    /// At most so many rows.
    pub limit: Limit,
    /// Those that come after this position; `None` for the first page.
    pub after: Option<P>,
    /// Whether all matching rows shall be counted, which costs a scan.
    pub include_total: bool,
}

impl<P> Default for PageRequest<P> {
    fn default() -> Self {
        Self { limit: Limit::default(), after: None, include_total: false }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, P> {
    /// The rows.
    pub items: Vec<T>,
    /// The position to go on from; `None` at the end.
    pub next: Option<P>,
    /// All matching rows, where asked for.
    pub total: Option<u64>,
}

impl<T, P> Page<T, P> {
    /// Makes a page of rows that were fetched with one beyond the limit: the surplus row tells that
    /// there is a next page, and `position` gives where a row stands.
    pub fn from_surplus(mut rows: Vec<T>, limit: Limit, position: impl Fn(&T) -> P) -> Self {
        let more = rows.len() as u64 > limit.get();
        rows.truncate(usize::from(limit.0));
        let next = if more { rows.last().map(position) } else { None };
        Self { items: rows, next, total: None }
    }

    /// The same page with every row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U, P> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next, total: self.total }
    }

    /// The same page with the total.
    #[must_use]
    pub fn with_total(mut self, total: Option<u64>) -> Self {
        self.total = total;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_one_to_a_hundred() {
        assert_eq!(Limit::new(0), None);
        assert_eq!(Limit::new(101), None);
        assert_eq!(Limit::new(100).map(Limit::get), Some(100));
    }

    #[test]
    fn a_surplus_row_means_a_next_page() {
        let limit = Limit::new(2).unwrap();
        let page = Page::from_surplus(vec![1, 2, 3], limit, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let page = Page::from_surplus(vec![1, 2], limit, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }
}
