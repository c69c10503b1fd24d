//! Lists of tickets: filters, orders and pages.

use atc_core::{
    caller::Visibility,
    category::Slug,
    id::TicketNumber,
    page::{Page, PageRequest},
    text::ExternalId,
    ticket::{AssigneeFilter, Priority, Ticket, TicketFilter, TicketPosition, TicketSort},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Cond, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr},
};

use super::{
    Tickets,
    read::{restrict, select},
};
use crate::{
    Result, StoreError,
    db::dialect,
    external_id::external_id,
    search::{Reach, TextQuery, text_condition},
};

/// As many tickets are collected and sorted within some 30 ms.
const RARE: f64 = 10_000.0;

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// A page of the tickets that are visible and match.
    pub async fn list(
        &self,
        filter: &TicketFilter,
        sort: TicketSort,
        visibility: Visibility,
        page: PageRequest<TicketPosition>,
    ) -> Result<Page<Ticket, TicketPosition>> {
        let text = filter.query.as_deref().map(TextQuery::parse);
        if text.as_ref().is_some_and(TextQuery::is_empty) {
            let total = page.include_total.then_some(0);
            return Ok(Page { items: Vec::new(), next: None, total });
        }
        let rows = match (sort, &text) {
            (TicketSort::Relevance, Some(text)) => {
                self.by_relevance(filter, text, visibility, &page).await?
            }
            _ => self.by_column(filter, text.as_ref(), sort, visibility, &page).await?,
        };
        let total = if page.include_total {
            Some(self.count(filter, text.as_ref(), visibility).await?)
        } else {
            None
        };
        let limit = page.limit;
        Ok(Page::from_surplus(rows, limit, |(_, position)| *position)
            .map(|(ticket, _)| ticket)
            .with_total(total))
    }

    async fn by_column(
        &self,
        filter: &TicketFilter,
        text: Option<&TextQuery>,
        sort: TicketSort,
        visibility: Visibility,
        page: &PageRequest<TicketPosition>,
    ) -> Result<Vec<(Ticket, TicketPosition)>> {
        let (column, descending) = match sort {
            TicketSort::UpdatedAt { descending } => ("updated_at", descending),
            TicketSort::Priority { descending } => ("priority", descending),
            TicketSort::Number { descending } => ("number", descending),
            TicketSort::CreatedAt { descending } => ("created_at", descending),
            // Without a query there is nothing to be relevant to.
            TicketSort::Relevance => ("created_at", true),
        };
        let mut query = select(visibility);
        query.cond_where(conditions(filter));
        if let Some(text) = text {
            query.and_where(text_condition(self.engine, text, Reach::farthest(visibility), None));
        }
        if let Some(after) = page.after {
            let row = Expr::tuple([Expr::col(("t", column)), Expr::col(("t", "number"))]);
            let seen = Expr::tuple([sort_value(column, after)?, Expr::val(after.number.0)]);
            query.and_where(if descending { row.lt(seen) } else { row.gt(seen) });
        }
        let order = if descending { Order::Desc } else { Order::Asc };
        if text.is_some_and(|text| self.is_rare(text)) {
            query.order_by_expr(dialect::by_no_index(self.engine, column), order.clone());
        } else {
            query.order_by(("t", column), order.clone());
        }
        if column != "number" {
            query.order_by(("t", "number"), order);
        }
        query.limit(page.limit.get() + 1);
        let rows = self.db.query_all(&query).await?;
        let tickets = self.tickets(&rows, visibility).await?;
        Ok(tickets
            .into_iter()
            .map(|ticket| {
                let position = TicketPosition {
                    key: match column {
                        "updated_at" => ticket.updated_at.timestamp_millis(),
                        "priority" => i64::from(ticket.priority.rank()),
                        "number" => ticket.number.0,
                        _ => ticket.created_at.timestamp_millis(),
                    },
                    number: ticket.number,
                };
                (ticket, position)
            })
            .collect())
    }

    /// Best matches first: all words in the title, then in title and description, then anywhere,
    /// each newest first. Where a ticket stands depends on its own text alone, so that pages hold
    /// together whatever else is written in between.
    async fn by_relevance(
        &self,
        filter: &TicketFilter,
        text: &TextQuery,
        visibility: Visibility,
        page: &PageRequest<TicketPosition>,
    ) -> Result<Vec<(Ticket, TicketPosition)>> {
        let wanted = page.limit.get() + 1;
        let rare = self.is_rare(text);
        let mut found = Vec::new();
        let mut nearer: Option<Reach> = None;
        for reach in Reach::nearest_first(visibility) {
            let key = reach.rank();
            let start = match page.after {
                // This reach was shown to its end.
                Some(after) if key > after.key => {
                    nearer = Some(reach);
                    continue;
                }
                Some(after) if key == after.key => Some(after.number),
                _ => None,
            };
            let mut query = select(visibility);
            query
                .cond_where(conditions(filter))
                .and_where(text_condition(self.engine, text, reach, nearer))
                .limit(wanted - found.len() as u64);
            if rare {
                query.order_by_expr(dialect::by_no_index(self.engine, "number"), Order::Desc);
            } else {
                query.order_by(("t", "number"), Order::Desc);
            }
            if let Some(number) = start {
                query.and_where(Expr::col(("t", "number")).lt(number.0));
            }
            let rows = self.db.query_all(&query).await?;
            for ticket in self.tickets(&rows, visibility).await? {
                let position = TicketPosition { key, number: ticket.number };
                found.push((ticket, position));
            }
            if found.len() as u64 >= wanted {
                break;
            }
            nearer = Some(reach);
        }
        Ok(found)
    }

    /// Whether so few tickets have all the words that the index of words must be asked first. PostgreSQL keeps no
    /// account of rare words: it takes them for words of one ticket in 200, and would go through all tickets from the
    /// newest on, expecting to meet some soon.
    fn is_rare(&self, text: &TextQuery) -> bool {
        let expected = self.weights.as_ref().and_then(|w| w.expected(&text.alternatives()));
        expected.is_some_and(|tickets| tickets < RARE)
    }

    async fn count(
        &self,
        filter: &TicketFilter,
        text: Option<&TextQuery>,
        visibility: Visibility,
    ) -> Result<u64> {
        let mut query = Query::select();
        query.expr(Func::count(Expr::col(("t", "number")))).from_as("tickets", "t");
        restrict(&mut query, visibility);
        query.cond_where(conditions(filter));
        if let Some(text) = text {
            query.and_where(text_condition(self.engine, text, Reach::farthest(visibility), None));
        }
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("count"))?;
        let count: i64 = row.try_get_by_index(0)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The next tickets after `after` by number, each with its identity in another system, at most
    /// `limit`: the way of an export.
    pub async fn export(
        &self,
        after: TicketNumber,
        limit: u64,
    ) -> Result<Vec<(Ticket, Option<ExternalId>)>> {
        let mut query: SelectStatement = select(Visibility::All);
        query
            .column(("t", "external_id"))
            .and_where(Expr::col(("t", "number")).gt(after.0))
            .order_by(("t", "number"), Order::Asc)
            .limit(limit);
        let rows = self.db.query_all(&query).await?;
        let tickets = self.tickets(&rows, Visibility::All).await?;
        let ids = rows.iter().map(external_id).collect::<Result<Vec<_>>>()?;
        Ok(tickets.into_iter().zip(ids).collect())
    }

    /// How many tickets there are.
    pub async fn count_all(&self) -> Result<u64> {
        self.count(&TicketFilter::default(), None, Visibility::All).await
    }
}

fn sort_value(column: &str, position: TicketPosition) -> Result<SimpleExpr> {
    Ok(match column {
        "created_at" | "updated_at" => {
            let at = DateTime::<Utc>::from_timestamp_millis(position.key)
                .ok_or_else(|| StoreError::unreadable("cursor", position.key))?;
            Expr::val(at)
        }
        _ => Expr::val(position.key),
    })
}

/// Only the conditions that were asked for: an always-true one would ruin the plan.
pub(super) fn conditions(filter: &TicketFilter) -> Cond {
    fn any<V: Into<sea_orm::Value>>(
        cond: Cond,
        column: &'static str,
        values: impl ExactSizeIterator<Item = V>,
    ) -> Cond {
        if values.len() == 0 { cond } else { cond.add(Expr::col(("t", column)).is_in(values)) }
    }
    let mut cond = Cond::all();
    cond = any(cond, "status", filter.status.iter().map(|s| s.as_str()));
    cond = any(cond, "priority", filter.priority.iter().copied().map(Priority::rank));
    cond = any(cond, "category", filter.category.iter().map(Slug::as_str));
    cond = any(cond, "requester_id", filter.requester_id.iter().map(|id| id.0));
    cond = any(cond, "team_id", filter.team_id.iter().map(|id| id.0));
    if !filter.assignee.is_empty() {
        let mut whose = Cond::any();
        for assignee in &filter.assignee {
            whose = whose.add(match assignee {
                AssigneeFilter::Nobody => Expr::col(("t", "assignee_id")).is_null(),
                AssigneeFilter::Person(id) => Expr::col(("t", "assignee_id")).eq(id.0),
            });
        }
        cond = cond.add(whose);
    }
    if let Some(tag) = &filter.tag {
        let tagged = Query::select()
            .column("ticket_number")
            .from("ticket_tags")
            .and_where(Expr::col("tag").eq(tag.as_str()))
            .to_owned();
        cond = cond.add(Expr::col(("t", "number")).in_subquery(tagged));
    }
    if let Some(source) = filter.source {
        cond = cond.add(Expr::col(("t", "source")).eq(source.as_str()));
    }
    match filter.needs_review {
        // Written as the partial index has it.
        Some(true) => cond = cond.add(Expr::col(("t", "needs_review"))),
        Some(false) => cond = cond.add(Expr::col(("t", "needs_review")).not()),
        None => {}
    }
    if let Some(at) = filter.created_after {
        cond = cond.add(Expr::col(("t", "created_at")).gte(at));
    }
    if let Some(at) = filter.created_before {
        cond = cond.add(Expr::col(("t", "created_at")).lt(at));
    }
    if let Some(at) = filter.updated_after {
        cond = cond.add(Expr::col(("t", "updated_at")).gte(at));
    }
    cond
}
