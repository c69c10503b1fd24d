//! Moving an installation from one database to another: SQLite, PostgreSQL, in any direction.
//!
//! The tables are those that the migrations make, so that none can be forgotten. Rows go over in
//! batches, each in one transaction with a record of how far it is; a copy that was killed goes on
//! from there. What only search needs is made anew, because the engines keep it in different forms.

mod catalogue;
mod cell;
mod content;
mod numbers;
mod record;
mod rows;
mod text;

use crate::{Result, Store, StoreError};

use self::{catalogue::Table, content::Content, record::Record, rows::BatchSize, text::Text};

/// One of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is copied.
    Source,
    /// Where it goes.
    Target,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// Why nothing, or not all, was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Both addresses name one database.
    #[error("source and target are the same database")]
    Same,
    /// The schema is older or newer than this program.
    #[error("the schema of the {side} is not that of this program: {difference}")]
    Schema {
        /// Whose schema.
        side: Side,
        /// Which migration is missing or unknown.
        difference: String,
    },
    /// The target is in use.
    #[error("the target holds data already, in the table {0}; it must be a new database")]
    Filled(String),
    /// An unfinished copy in the target came from elsewhere.
    #[error("the target holds an unfinished copy of {0}; it must be a new database")]
    OtherSource(String),
    /// A database failed.
    #[error("the {side} failed")]
    Store {
        /// Which.
        side: Side,
        /// How.
        source: StoreError,
    },
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Rows go over.
    Rows,
    /// The full text is made anew.
    Text,
    /// Both sides are read and compared.
    Verify,
}

/// Is told how far a copy is.
pub trait Watch: Sync {
    /// A phase begins that has so many rows to do.
    fn begin(&self, phase: Phase, total: u64);
    /// So many rows of a table are done.
    fn advance(&self, table: &str, rows: u64);
}

/// What a table holds on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// Its name.
    pub table: String,
    /// Rows of the source.
    pub source_rows: u64,
    /// Rows of the target.
    pub target_rows: u64,
    /// Hash of the source's rows: 64 hexadecimal digits.
    pub source_hash: String,
    /// Hash of the target's rows.
    pub target_hash: String,
}

impl TableReport {
    /// Whether both sides hold the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.source_rows == self.target_rows && self.source_hash == self.target_hash
    }
}

/// A copy that may begin, or go on.
pub struct Copy<'a> {
    source: &'a Store,
    target: &'a Store,
    tables: Vec<Table>,
    resumes: bool,
}

impl<'a> Copy<'a> {
    /// Looks at both databases; brings the schema into a new target. The source is only read.
    ///
    /// # Errors
    /// When the schemas are not this program's, or the target holds anything but what a new
    /// installation or an unfinished copy of this source holds.
    pub async fn prepare(source: &'a Store, target: &'a Store) -> Result<Self, CopyError> {
        let at = |side| move |source| CopyError::Store { side, source };
        let place = source.place().map_err(at(Side::Source))?;
        if place == target.place().map_err(at(Side::Target))? {
            return Err(CopyError::Same);
        }
        if let Some(lacking) = lacking(source, Side::Source).await?.first() {
            return Err(differs(Side::Source, format!("{lacking} is not applied")));
        }
        let lacking = lacking(target, Side::Target).await?;
        if let Some(name) = lacking.first() {
            // A copy that was killed may have left a schema half-way; one in use is not ours.
            if content::has_rows("users", target).await.map_err(at(Side::Target))? {
                return Err(differs(Side::Target, format!("{name} is not applied")));
            }
            target.migrate_up(None).await.map_err(at(Side::Target))?;
        }
        let new = Store::in_memory().await.map_err(at(Side::Target))?;
        let tables = catalogue::read(&new).await.map_err(at(Side::Target))?;
        let resumes = match record::source(target).await.map_err(at(Side::Target))? {
            Some(other) if other != place => return Err(CopyError::OtherSource(other)),
            Some(_) => true,
            None => {
                for table in &tables {
                    let holds =
                        content::is_same(table, target, &new).await.map_err(at(Side::Target))?;
                    if !holds {
                        return Err(CopyError::Filled(table.name.clone()));
                    }
                }
                record::begin(target, &place, &tables).await.map_err(at(Side::Target))?;
                false
            }
        };
        // It held a schema and seeds; whether it closes well is nobody's concern.
        let _ = new.close().await;
        Ok(Self { source, target, tables, resumes })
    }

    /// Whether an earlier copy was interrupted.
    #[must_use]
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    /// The tables that go over, in the order of their references.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    /// Copies what is left, makes the full text anew, and lets the numbers go on where they were.
    ///
    /// # Errors
    /// When a database fails. What went over stays, and the next copy goes on there.
    pub async fn run(&self, watch: &dyn Watch) -> Result<(), CopyError> {
        let mut total = 0;
        for table in &self.tables {
            total += content::count(&table.name, self.source.reader())
                .await
                .map_err(|source| CopyError::Store { side: Side::Source, source })?;
        }
        watch.begin(Phase::Rows, total);
        for table in &self.tables {
            self.copy_table(table, watch).await?;
        }
        let in_target = |source| CopyError::Store { side: Side::Target, source };
        text::begin(self.target, watch).await.map_err(in_target)?;
        for what in [Text::Tickets, Text::Articles] {
            text::rebuild(self.target, what, watch).await.map_err(in_target)?;
        }
        numbers::go_on(&self.tables, self.source, self.target).await.map_err(in_target)
    }

    async fn copy_table(&self, table: &Table, watch: &dyn Watch) -> Result<(), CopyError> {
        let in_target = |source| CopyError::Store { side: Side::Target, source };
        let mut record = Record::of(self.target, &table.name).await.map_err(in_target)?;
        watch.advance(&table.name, record.rows);
        let mut after = record.after(table).map_err(in_target)?;
        let mut size = BatchSize::of(table);
        while !record.done {
            let batch = rows::read(table, self.source.reader(), after.as_deref(), size.rows())
                .await
                .map_err(|source| CopyError::Store { side: Side::Source, source })?;
            record.advance(table, &batch, size.rows());
            let tx = self.target.begin().await.map_err(in_target)?;
            rows::insert(table, &tx.inner, &batch).await.map_err(in_target)?;
            record.keep(&tx.inner).await.map_err(in_target)?;
            tx.commit().await.map_err(in_target)?;
            watch.advance(&table.name, batch.len() as u64);
            size.learn(&batch);
            after = batch.last().map(|row| table.key_of(row));
        }
        Ok(())
    }

    /// Reads every table on both sides. When all are the same, the copy is finished, and the target
    /// forgets that it is one.
    ///
    /// # Errors
    /// When a database fails.
    pub async fn verify(&self, watch: &dyn Watch) -> Result<Vec<TableReport>, CopyError> {
        let in_target = |source| CopyError::Store { side: Side::Target, source };
        let mut total = 0;
        for table in &self.tables {
            total +=
                content::count(&table.name, self.target.reader()).await.map_err(in_target)? * 2;
        }
        watch.begin(Phase::Verify, total);
        let mut reports = Vec::new();
        for table in &self.tables {
            let source = Content::read(table, self.source.reader(), watch)
                .await
                .map_err(|source| CopyError::Store { side: Side::Source, source })?;
            let target =
                Content::read(table, self.target.reader(), watch).await.map_err(in_target)?;
            reports.push(TableReport {
                table: table.name.clone(),
                source_rows: source.rows,
                target_rows: target.rows,
                source_hash: source.hash(),
                target_hash: target.hash(),
            });
        }
        if reports.iter().all(TableReport::is_same) {
            record::forget(self.target).await.map_err(in_target)?;
        }
        Ok(reports)
    }
}

async fn lacking(store: &Store, side: Side) -> Result<Vec<String>, CopyError> {
    let states = store.migration_states().await.map_err(|e| match e {
        // This is how an applied migration without its step comes.
        StoreError::Database(sea_orm::DbErr::Custom(difference)) => differs(side, difference),
        source => CopyError::Store { side, source },
    })?;
    Ok(states.into_iter().filter(|m| !m.applied).map(|m| m.name).collect())
}

fn differs(side: Side, difference: String) -> CopyError {
    CopyError::Schema { side, difference }
}
