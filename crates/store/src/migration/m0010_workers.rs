//! Who works, and how long jobs waited for them.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("job_workers")
                    .col(schema::text("name").primary_key())
                    .col(schema::text("host"))
                    // Which queues it serves with how many places each: a JSON object.
                    .col(schema::text("places"))
                    .col(schema::big_integer("started_at"))
                    .col(schema::big_integer("seen_at"))
                    // Milliseconds; without a sign for so long it counts as lost.
                    .col(schema::big_integer("alive_until"))
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("job_attempts")
                    // From the moment when the job's time came to its claim.
                    .add_column(schema::big_integer_null("waited_ms"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX job_attempts_ended ON job_attempts (ended_at);
                 CREATE INDEX jobs_by_state ON jobs (state, number);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("DROP INDEX jobs_by_state; DROP INDEX job_attempts_ended;")
            .await?;
        manager
            .alter_table(Table::alter().table("job_attempts").drop_column("waited_ms").to_owned())
            .await?;
        manager.drop_table(Table::drop().table("job_workers").to_owned()).await
    }
}
