//! What search needs of a ticket: its analysed text and its vectors.

use atc_core::{
    file::FileText,
    id::TicketNumber,
    ports::{Meaning, TriageInput},
    vector::Vector,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Statement};

use super::Tickets;
use crate::{
    Result,
    db::{dialect, full_text},
    search::{TicketText, sign_code},
};

/// A ticket whose vectors are missing or stand for an older text.
#[derive(Debug, Clone)]
pub struct UnindexedTicket {
    /// Its number.
    pub number: TicketNumber,
    /// Its title and description.
    pub input: TriageInput,
    /// Which state of the text this is.
    pub text_version: i64,
}

#[derive(FromQueryResult)]
struct UnindexedRow {
    number: i64,
    title: String,
    description: String,
    text_version: i64,
}

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// Tickets whose vectors are missing or outdated, lowest numbers first, at most `limit`.
    pub async fn unindexed(&self, limit: u64) -> Result<Vec<UnindexedTicket>> {
        let statement = Statement::from_sql_and_values(
            self.db.get_database_backend(),
            "SELECT number, title, description, text_version FROM tickets \
             WHERE indexed_version <> text_version ORDER BY number LIMIT $1",
            [limit.into()],
        );
        let rows = UnindexedRow::find_by_statement(statement).all(self.db).await?;
        let mut tickets: Vec<_> = rows
            .into_iter()
            .map(|row| UnindexedTicket {
                number: TicketNumber(row.number),
                input: TriageInput { title: Some(row.title), text: row.description },
                text_version: row.text_version,
            })
            .collect();
        let numbers: Vec<_> = tickets.iter().map(|ticket| ticket.number).collect();
        for (number, file) in self.file_texts(&numbers).await? {
            let of_it = tickets.iter_mut().filter(|ticket| ticket.number == number);
            of_it.for_each(|ticket| file.append_to(&mut ticket.input.text));
        }
        Ok(tickets)
    }

    /// What was read in the files of these tickets, each with its ticket, cut where models stop
    /// reading.
    pub async fn file_texts(
        &self,
        tickets: &[TicketNumber],
    ) -> Result<Vec<(TicketNumber, FileText)>> {
        if tickets.is_empty() {
            return Ok(Vec::new());
        }
        crate::files::texts(self.db, tickets, FileText::MOST_CHARS).await
    }
}

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// The kept meaning of a ticket's present text, if there is one.
    pub async fn meaning(&self, number: TicketNumber) -> Result<Option<Meaning>> {
        let row = self
            .db
            .query_one_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                "SELECT v.title, v.whole FROM ticket_vectors v \
                 JOIN tickets t ON t.number = v.ticket_number \
                 WHERE v.ticket_number = $1 AND t.indexed_version = t.text_version",
                [number.0.into()],
            ))
            .await?;
        let Some(row) = row else { return Ok(None) };
        let vector = |index| -> Result<Option<Vector>> {
            Ok(Vector::from_bytes(&row.try_get_by_index::<Vec<u8>>(index)?))
        };
        Ok(vector(0)?.zip(vector(1)?).map(|(title, whole)| Meaning { title, whole }))
    }

    /// How many tickets wait to be indexed.
    pub async fn count_unindexed(&self) -> Result<u64> {
        let row = self
            .db
            .query_one_raw(Statement::from_string(
                self.db.get_database_backend(),
                "SELECT count(*) FROM tickets WHERE indexed_version <> text_version",
            ))
            .await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl Tickets<'_, DatabaseTransaction> {
    /// Keeps the meaning of a ticket's text: of the state `text_version`, or of the present one.
    /// Does nothing when the text has changed since.
    pub async fn set_meaning(
        &self,
        number: TicketNumber,
        text_version: Option<i64>,
        meaning: &Meaning,
    ) -> Result<()> {
        let db = self.db.get_database_backend();
        let statement = match text_version {
            Some(version) => Statement::from_sql_and_values(
                db,
                "UPDATE tickets SET indexed_version = text_version \
                 WHERE number = $1 AND text_version = $2",
                [number.0.into(), version.into()],
            ),
            None => Statement::from_sql_and_values(
                db,
                "UPDATE tickets SET indexed_version = text_version WHERE number = $1",
                [number.0.into()],
            ),
        };
        if self.db.execute_raw(statement).await?.rows_affected() == 1 {
            self.write_vectors(number, meaning).await?;
        }
        Ok(())
    }

    /// Marks every ticket as not indexed: its vectors come from a model that is gone.
    pub async fn forget_vectors(&self) -> Result<()> {
        self.db
            .execute_unprepared(
                "UPDATE tickets SET indexed_version = 0; DELETE FROM ticket_vectors",
            )
            .await?;
        Ok(())
    }

    pub(super) async fn write_vectors(
        &self,
        number: TicketNumber,
        meaning: &Meaning,
    ) -> Result<()> {
        if let Some(advance) = dialect::advance_mark(self.engine) {
            self.db.execute_unprepared(advance).await?;
        }
        self.db
            .execute_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                dialect::upsert_ticket_vectors(self.engine),
                [
                    number.0.into(),
                    meaning.title.to_bytes().into(),
                    meaning.whole.to_bytes().into(),
                    sign_code(&meaning.whole).to_bytes().into(),
                ],
            ))
            .await?;
        Ok(())
    }

    pub(super) async fn write_text(&self, number: TicketNumber, text: &TicketText) -> Result<()> {
        for statement in full_text::write_ticket_text(self.engine, number.0, text) {
            self.db.execute_raw(statement).await?;
        }
        Ok(())
    }

    pub(super) async fn delete_text(&self, number: TicketNumber) -> Result<()> {
        self.db.execute_raw(full_text::delete_text(self.engine, "ticket", number.0)).await?;
        Ok(())
    }
}
