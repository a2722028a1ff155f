//! The replica that entitlements are read from: how far it is behind.

use std::time::{Duration, Instant};

use shared::db;
use tokio_postgres::Client;
use tokio_postgres::types::{PgLsn, Type};

use super::DoctorReport;
use crate::context::{Context, Error};

const CHECK: &str = "replica";
/// Later than this, what is paid for does not show in time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nothing, if no replica is configured.
pub(super) async fn check(context: &Context, report: &mut DoctorReport) {
    let (Some(url), Some(_)) = (&context.config.reader_url, &context.config.primary_url) else { return };
    let Ok(primary) = context.database().await else { return };
    let replica = match db::connect(url, context.config.database_ca.as_deref()).await {
        Ok(replica) => replica,
        Err(error) => {
            return report.failing(
                CHECK,
                "it does not answer",
                format!("The primary answers for it meanwhile. Of READER_DATABASE_URL it is said: {error}."),
            );
        }
    };
    match lag(primary, &replica).await {
        Ok(Some(lag)) if lag < PATIENCE => {
            report.ok(CHECK, format!("it has what the primary had {} ms before", lag.as_millis()));
        }
        Ok(Some(_)) => report.warning(
            CHECK,
            format!("it is more than {} s behind", PATIENCE.as_secs()),
            "The primary answers for it meanwhile. Look into pg_stat_replication at the primary whether \
             the replica is connected, and into the replica's log what it waits for.",
        ),
        Ok(None) => report.warning(
            CHECK,
            "READER_DATABASE_URL is no replica",
            "Put the replica's address there, or unset READER_PRIMARY_DATABASE_URL.",
        ),
        Err(error) => report.impossible(CHECK, error),
    }
}

/// How long it takes until the replica has what the primary has now; the patience, if longer. None: it is no
/// replica.
async fn lag(primary: &Client, replica: &Client) -> Result<Option<Duration>, Error> {
    let end = primary.query_typed("select pg_current_wal_flush_lsn()", &[]).await?;
    let end: Option<PgLsn> = end.first().map(|row| row.get(0));
    let begun = Instant::now();
    loop {
        let sql = "select pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= $1, false)";
        let rows = replica.query_typed(sql, &[(&end, Type::PG_LSN)]).await?;
        let found = rows.first().map(|row| (row.get(0), row.get(1)));
        match found {
            Some((true, true)) => return Ok(Some(begun.elapsed())),
            Some((true, false)) if begun.elapsed() >= PATIENCE => return Ok(Some(PATIENCE)),
            Some((true, false)) => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => return Ok(None),
        }
    }
}
