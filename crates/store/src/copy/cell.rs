//! A value of a row, the same on both engines.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, QueryResult, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Result, StoreError};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Bool,
    Double,
    Text,
    Bytes,
    Uuid,
    Time,
}

impl Kind {
    /// By the type with which the migrations declare a column in SQLite.
    pub(super) fn declared(as_what: &str) -> Result<Self> {
        let lower = as_what.to_ascii_lowercase();
        Ok(match lower.split('(').next().unwrap_or_default() {
            "integer" | "bigint" | "smallint" => Self::Integer,
            "boolean" => Self::Bool,
            "double" => Self::Double,
            "text" | "varchar" => Self::Text,
            "blob" => Self::Bytes,
            "uuid_text" => Self::Uuid,
            "timestamp_with_timezone_text" => Self::Time,
            _ => return Err(StoreError::unreadable("column type", as_what)),
        })
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null(Kind),
    Integer(i64),
    Bool(bool),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
    Time(DateTime<Utc>),
}

impl Cell {
    pub(super) fn read(row: &QueryResult, index: usize, kind: Kind) -> Result<Self, DbErr> {
        let cell = match kind {
            Kind::Integer => row.try_get_by_index::<Option<i64>>(index)?.map(Self::Integer),
            Kind::Bool => row.try_get_by_index::<Option<bool>>(index)?.map(Self::Bool),
            Kind::Double => row.try_get_by_index::<Option<f64>>(index)?.map(Self::Double),
            Kind::Text => row.try_get_by_index::<Option<String>>(index)?.map(Self::Text),
            Kind::Bytes => row.try_get_by_index::<Option<Vec<u8>>>(index)?.map(Self::Bytes),
            Kind::Uuid => row.try_get_by_index::<Option<Uuid>>(index)?.map(Self::Uuid),
            Kind::Time => row.try_get_by_index::<Option<DateTime<Utc>>>(index)?.map(Self::Time),
        };
        Ok(cell.unwrap_or(Self::Null(kind)))
    }

    /// As a parameter of a statement.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Null(Kind::Integer) => None::<i64>.into(),
            Self::Null(Kind::Bool) => None::<bool>.into(),
            Self::Null(Kind::Double) => None::<f64>.into(),
            Self::Null(Kind::Text) => None::<String>.into(),
            Self::Null(Kind::Bytes) => None::<Vec<u8>>.into(),
            Self::Null(Kind::Uuid) => None::<Uuid>.into(),
            Self::Null(Kind::Time) => None::<DateTime<Utc>>.into(),
            Self::Integer(n) => (*n).into(),
            Self::Bool(b) => (*b).into(),
            Self::Double(x) => (*x).into(),
            Self::Text(text) => text.clone().into(),
            Self::Bytes(bytes) => bytes.clone().into(),
            Self::Uuid(id) => (*id).into(),
            Self::Time(time) => (*time).into(),
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 16,
        }
    }

    /// Adds its one canonical form to a hash: a letter, the length, the bytes. Times count in
    /// microseconds, which is what PostgreSQL keeps.
    pub(super) fn hash_into(&self, hash: &mut Sha256) {
        let mut add = |letter: u8, bytes: &[u8]| {
            hash.update([letter]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        match self {
            Self::Null(_) => add(b'0', &[]),
            Self::Integer(n) => add(b'i', &n.to_be_bytes()),
            Self::Bool(b) => add(b'b', &[u8::from(*b)]),
            Self::Double(x) => add(b'd', &x.to_bits().to_be_bytes()),
            Self::Text(text) => add(b't', text.as_bytes()),
            Self::Bytes(bytes) => add(b'x', bytes),
            Self::Uuid(id) => add(b'u', id.as_bytes()),
            Self::Time(time) => add(b'@', &time.timestamp_micros().to_be_bytes()),
        }
    }

    /// A part of a key, as the record of a copy keeps it.
    pub(super) fn to_record(&self) -> serde_json::Value {
        match self {
            Self::Integer(n) => (*n).into(),
            Self::Bool(b) => (*b).into(),
            Self::Double(x) => (*x).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
            Self::Uuid(id) => id.to_string().into(),
            Self::Time(time) => time.to_rfc3339().into(),
            Self::Null(_) => serde_json::Value::Null,
        }
    }

    /// The part of a key that [`Cell::to_record`] wrote.
    pub(super) fn from_record(kind: Kind, json: serde_json::Value) -> serde_json::Result<Self> {
        use serde_json::from_value;
        Ok(match kind {
            Kind::Integer => Self::Integer(from_value(json)?),
            Kind::Bool => Self::Bool(from_value(json)?),
            Kind::Double => Self::Double(from_value(json)?),
            Kind::Text => Self::Text(from_value(json)?),
            Kind::Bytes => Self::Bytes(from_value(json)?),
            Kind::Uuid => {
                let text: String = from_value(json)?;
                Self::Uuid(text.parse().map_err(serde::de::Error::custom)?)
            }
            Kind::Time => {
                let text: String = from_value(json)?;
                Self::Time(text.parse().map_err(serde::de::Error::custom)?)
            }
        })
    }
}
