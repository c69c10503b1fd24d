//! What a seal's hash is made of.

use atc_core::{audit::AuditRecord, file::Sha256};
use aws_lc_rs::digest::{Context, SHA256};

/// What stands before the first seal.
pub(super) const GENESIS: [u8; 32] = [0; 32];
/// Tells this use of the hash from every other, and this form from those to come.
const DOMAIN: &[u8] = b"ai-tickets audit seal 1";

/// The hash of a seal: SHA-256 over the domain, the number, the hash before, and each entry, every part of
/// which begins with its length, so that no two entries read alike.
pub(super) fn hash(number: i64, before: &[u8; 32], records: &[AuditRecord]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    part(DOMAIN);
    part(&number.to_be_bytes());
    part(before);
    for record in records {
        let AuditRecord { sequence, id, ticket, kind, actor, changes, internal, request_id, at } =
            record;
        part(&sequence.to_be_bytes());
        part(id.as_bytes());
        part(&ticket.to_be_bytes());
        part(kind.as_bytes());
        part(actor.as_ref().map_or(&[], |id| id.as_bytes().as_slice()));
        part(changes.as_bytes());
        part(&[u8::from(*internal)]);
        part(request_id.as_bytes());
        // Both databases keep microseconds.
        part(&at.timestamp_micros().to_be_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// As people and logs read it.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    Sha256(*hash).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    fn record() -> AuditRecord {
        AuditRecord {
            sequence: 7,
            id: Uuid::from_u128(1),
            ticket: 42,
            kind: "created".to_owned(),
            actor: Some(Uuid::from_u128(2)),
            changes: "[]".to_owned(),
            internal: false,
            request_id: "r".to_owned(),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_part_of_an_entry_counts() {
        let whole = hash(1, &GENESIS, &[record()]);
        let changed = |change: fn(&mut AuditRecord)| {
            let mut other = record();
            change(&mut other);
            hash(1, &GENESIS, &[other])
        };
        let others = [
            changed(|r| r.sequence = 8),
            changed(|r| r.id = Uuid::from_u128(3)),
            changed(|r| r.ticket = 43),
            changed(|r| r.kind = "updated".to_owned()),
            changed(|r| r.actor = None),
            changed(|r| r.changes = "[1]".to_owned()),
            changed(|r| r.internal = true),
            changed(|r| r.request_id = "s".to_owned()),
            changed(|r| r.at += chrono::TimeDelta::microseconds(1)),
            // The same letters, cut elsewhere.
            changed(|r| {
                (r.kind, r.actor, r.changes) = ("create".to_owned(), None, "d[]".to_owned());
            }),
            hash(2, &GENESIS, &[record()]),
            hash(1, &[1; 32], &[record()]),
            hash(1, &GENESIS, &[record(), record()]),
            hash(1, &GENESIS, &[]),
        ];
        for (i, other) in others.iter().enumerate() {
            assert_ne!(*other, whole, "{i}");
        }
        assert_eq!(hex(&GENESIS).len(), 64);
    }
}
