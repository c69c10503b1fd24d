//! Statistics over tickets.

use std::collections::BTreeMap;

use atc_core::{
    caller::Visibility,
    category::Slug,
    id::UserId,
    ticket::{AssigneeCount, DayCount, Priority, Status, TicketFilter, TicketStats},
    user::UserSummary,
};
use chrono::NaiveDate;
use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr},
};

use super::{Tickets, list::conditions, read::restrict};
use crate::{Result, StoreError, db::dialect};

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// Counts and medians over the tickets that are visible and match.
    pub async fn stats(
        &self,
        filter: &TicketFilter,
        visibility: Visibility,
    ) -> Result<TicketStats> {
        let base = base(filter, visibility);
        let mut stats = TicketStats::default();
        for (status, count) in self.counts::<String>(&base, "status").await? {
            let status: Status =
                status.parse().map_err(|e| StoreError::unreadable("tickets.status", e))?;
            stats.total += count;
            stats.by_status.push((status, count));
        }
        for (rank, count) in self.counts::<i16>(&base, "priority").await? {
            let priority = Priority::from_rank(rank)
                .ok_or_else(|| StoreError::unreadable("tickets.priority", rank))?;
            stats.by_priority.push((priority, count));
        }
        for (slug, count) in self.counts::<String>(&base, "category").await? {
            let slug =
                Slug::parse(slug).map_err(|e| StoreError::unreadable("tickets.category", e))?;
            stats.by_category.push((slug, count));
        }
        stats.by_status.sort_by_key(|(status, _)| *status as u8);
        stats.by_priority.sort_by_key(|(priority, _)| *priority);
        stats.by_category.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        stats.by_assignee = self.by_assignee(&base).await?;
        stats.per_day = self.per_day(&base).await?;
        stats.median_first_response_s = self.median(&base, "first_response_s").await?;
        stats.median_resolution_s = self.median(&base, "resolution_s").await?;
        Ok(stats)
    }

    async fn counts<T: sea_orm::TryGetable>(
        &self,
        base: &SelectStatement,
        column: &'static str,
    ) -> Result<Vec<(T, u64)>> {
        let mut query = base.clone();
        query.column(("t", column)).expr(count()).group_by_col(("t", column));
        let rows = self.db.query_all(&query).await?;
        rows.iter()
            .map(|row| Ok((row.try_get_by_index(0)?, unsigned(row.try_get_by_index(1)?))))
            .collect()
    }

    async fn by_assignee(&self, base: &SelectStatement) -> Result<Vec<AssigneeCount>> {
        let counted = self.counts::<Option<uuid::Uuid>>(base, "assignee_id").await?;
        let ids: Vec<_> = counted.iter().filter_map(|(id, _)| *id).collect();
        let people = self.people(&ids).await?;
        let mut counts: Vec<_> = counted
            .into_iter()
            .map(|(id, count)| {
                let assignee = id.and_then(|id| people.iter().find(|p| p.id.0 == id)).cloned();
                AssigneeCount { assignee, count }
            })
            .collect();
        counts.sort_by(|a, b| {
            let email = |c: &AssigneeCount| c.assignee.as_ref().map(|a| a.email.clone());
            b.count.cmp(&a.count).then_with(|| email(a).cmp(&email(b)))
        });
        Ok(counts)
    }

    /// Read after counting: to join a million tickets with them takes longer than both.
    async fn people(&self, ids: &[uuid::Uuid]) -> Result<Vec<UserSummary>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::select();
        query
            .columns(["id", "email", "full_name"])
            .from("users")
            .and_where(Expr::col("id").is_in(ids.iter().copied()));
        let rows = self.db.query_all(&query).await?;
        rows.iter()
            .map(|row| {
                Ok(UserSummary {
                    id: UserId(row.try_get_by_index(0)?),
                    email: row.try_get_by_index(1)?,
                    full_name: row.try_get_by_index(2)?,
                })
            })
            .collect()
    }

    async fn per_day(&self, base: &SelectStatement) -> Result<Vec<DayCount>> {
        let mut days: BTreeMap<NaiveDate, (u64, u64)> = BTreeMap::new();
        for (created, column) in [(true, "created_at"), (false, "resolved_at")] {
            let mut query = base.clone();
            let (day, text) = dialect::utc_day(self.engine, column);
            query
                .expr(text)
                .expr(count())
                .and_where(Expr::col(("t", column)).is_not_null())
                .add_group_by([day]);
            for row in self.db.query_all(&query).await? {
                let text: String = row.try_get_by_index(0)?;
                let day =
                    text.parse::<NaiveDate>().map_err(|_| StoreError::unreadable("day", &text))?;
                let entry = days.entry(day).or_default();
                let count = unsigned(row.try_get_by_index(1)?);
                if created {
                    entry.0 = count;
                } else {
                    entry.1 = count;
                }
            }
        }
        Ok(days
            .into_iter()
            .map(|(day, (created, resolved))| DayCount { day, created, resolved })
            .collect())
    }

    /// The lower median of a column, leaving out rows without a value.
    async fn median(&self, base: &SelectStatement, column: &'static str) -> Result<Option<i64>> {
        let mut with_value = base.clone();
        with_value.and_where(Expr::col(("t", column)).is_not_null());
        let mut query = with_value.clone();
        query.expr(count());
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("count"))?;
        let n = unsigned(row.try_get_by_index(0)?);
        if n == 0 {
            return Ok(None);
        }
        with_value
            .column(("t", column))
            .order_by(("t", column), Order::Asc)
            .offset((n - 1) / 2)
            .limit(1);
        let row = self.db.query_one(&with_value).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

fn base(filter: &TicketFilter, visibility: Visibility) -> SelectStatement {
    let mut query = Query::select();
    query.from_as("tickets", "t").cond_where(conditions(filter));
    restrict(&mut query, visibility);
    query
}

fn count() -> SimpleExpr {
    // Of the rows: an index answers that without the tickets.
    Expr::cust("COUNT(*)")
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
