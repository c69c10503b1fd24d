//! Tickets.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub id: Uuid,
    pub title: String,
    pub description: String,
    pub status: String,
    pub priority: i16,
    pub category: String,
    pub priority_by_person: bool,
    pub category_by_person: bool,
    pub labelled_at: Option<DateTimeUtc>,
    pub tags: String,
    pub source: String,
    pub requester_id: Uuid,
    pub assignee_id: Option<Uuid>,
    pub team_id: Option<Uuid>,
    pub metadata: String,
    pub triage: Option<String>,
    pub triage_public: Option<String>,
    pub needs_review: bool,
    pub comment_count: i32,
    pub public_comment_count: i32,
    pub file_count: i32,
    pub external_id: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub resolved_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    pub first_response_s: Option<i64>,
    pub resolution_s: Option<i64>,
    pub version: i64,
    pub text_version: i64,
    pub indexed_version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
