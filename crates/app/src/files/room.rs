//! What is said where a file cannot be stored.

use std::{error::Error as StdError, io};

use atc_core::{Error, ports::BlobError};

/// The store did not take bytes: because there is no room left, which somebody must make, or because it
/// does not answer, which passes.
pub(super) fn not_stored(e: BlobError) -> Error {
    if !is_full(&e) {
        return e.into();
    }
    let detail = "There is no room left for files; reading goes on. Ask the operator for room, and send the \
                  file again.";
    Error::unavailable(detail, 60).with_source(e)
}

/// Whether the system says that a disk, or what this account may have of it, is full.
fn is_full(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(e) = cause {
        let kind = e.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
            return true;
        }
        cause = e.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As libraries wrap what the system says.
    #[derive(Debug, thiserror::Error)]
    #[error("the part could not be written")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn a_full_disk_is_told_from_a_store_that_is_away() {
        let said = |e: io::Error| not_stored(BlobError::Store(Wrapped(e).into()));
        let full = said(io::ErrorKind::StorageFull.into());
        assert!(full.detail.contains("no room left"), "{full}");
        assert_eq!(full.retry_after_s, Some(60));
        let away = said(io::ErrorKind::ConnectionRefused.into());
        assert!(away.detail.contains("does not answer"), "{away}");
    }
}
