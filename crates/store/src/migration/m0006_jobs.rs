//! Jobs: work beside the requests, its history, the queues that are held, and what is done by the
//! clock.
//!
//! All times are milliseconds since 1970 in UTC, by the clock of the database: leases are compared
//! with it in statements that both engines read alike.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(jobs()).await?;
        manager.create_table(attempts()).await?;
        manager
            .create_table(
                Table::create()
                    .table("job_queues")
                    .col(schema::text("name").primary_key())
                    .col(schema::boolean("paused"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("job_schedules")
                    .col(schema::text("name").primary_key())
                    .col(schema::text("cron"))
                    // When it was last looked at with something to do.
                    .col(schema::big_integer("last_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key)
                     WHERE state IN ('ready', 'running');
                 CREATE INDEX jobs_ready ON jobs (queue, run_at, number) WHERE state = 'ready';
                 CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
                 CREATE INDEX jobs_finished ON jobs (finished_at)
                     WHERE state IN ('done', 'cancelled');
                 CREATE INDEX jobs_state ON jobs (queue, state, number);
                 CREATE INDEX job_attempts_job ON job_attempts (job_number, number);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["job_schedules", "job_queues", "job_attempts", "jobs"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn jobs() -> TableCreateStatement {
    Table::create()
        .table("jobs")
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::text("queue"))
        .col(schema::text("kind"))
        .col(schema::text("payload"))
        .col(schema::text("state"))
        .col(schema::text_null("unique_key"))
        // How many attempts have begun; see `deaths` in `atc_core::job::MOST_DEATHS`.
        .col(schema::integer("attempt"))
        .col(schema::integer("max_attempts"))
        .col(schema::integer("deaths"))
        .col(schema::big_integer("run_at"))
        // Of the attempt that runs; every write of a run names its token.
        .col(schema::uuid_null("token"))
        .col(schema::text_null("worker"))
        .col(schema::big_integer_null("lease_until"))
        // Percent, and what is being done.
        .col(schema::integer_null("progress"))
        .col(schema::text_null("progress_note"))
        .col(schema::text_null("last_error"))
        .col(schema::big_integer("created_at"))
        .col(schema::big_integer_null("started_at"))
        .col(schema::big_integer_null("finished_at"))
        .to_owned()
}

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("job_attempts")
        .col(schema::big_pk_auto("number"))
        .col(schema::big_integer("job_number"))
        .col(schema::uuid("token"))
        .col(schema::integer("attempt"))
        .col(schema::text("worker"))
        .col(schema::big_integer("started_at"))
        .col(schema::big_integer_null("ended_at"))
        // How it ended: `atc_core::job::AttemptEnd`.
        .col(schema::text_null("ended"))
        .col(schema::text_null("error"))
        .foreign_key(
            ForeignKey::create()
                .name("job_attempts_job_number_fkey")
                .from("job_attempts", "job_number")
                .to("jobs", "number")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
