//! Whether the application is told that access changes.

use serde::Deserialize;

use super::DoctorReport;
use crate::context::{self, Context};
use crate::query;
use crate::words::counted;

/// The function runs every minute; by then it has tried more than once.
const LATE_MINUTES: i64 = 15;

/// What waits, and what is lost.
#[derive(Deserialize)]
struct Outbox {
    waiting: u64,
    /// Of what was sent at least once. None: none was.
    oldest_minutes: Option<i64>,
    errors: Option<String>,
    given_up: u64,
    was_told: bool,
}

pub(super) async fn check(context: &Context, report: &mut DoctorReport) {
    match look(context).await {
        Ok(Some(outbox)) => tell(&outbox, report),
        Ok(None) => {}
        Err(error) => report.impossible("notifications", error),
    }
}

async fn look(context: &Context) -> Result<Option<Outbox>, context::Error> {
    const SQL: &str = "
        select jsonb_build_object(
          'waiting', count(*) filter (where n.next_attempt_at is not null),
          'oldest_minutes', extract(epoch from now() - min(n.created_at)
            filter (where n.next_attempt_at is not null and n.attempts > 0))::bigint / 60,
          'errors', string_agg(distinct n.last_error, ', ') filter (where n.next_attempt_at is not null),
          'given_up', count(*) filter (where n.given_up_at is not null),
          'was_told', coalesce(bool_or(n.attempts > 0), false))
        from billing.notifications n";
    query::one(context.database().await?, SQL, &[]).await
}

fn tell(outbox: &Outbox, report: &mut DoctorReport) {
    const NAME: &str = "notifications";
    const LOOK: &str = "billing notifications list --waiting says what each waits for.";
    let errors = outbox.errors.as_deref().unwrap_or("nothing is known yet");
    match (outbox.waiting, outbox.oldest_minutes) {
        _ if outbox.given_up > 0 => report.failing(
            NAME,
            format!("{} given up", counted(outbox.given_up, "change")),
            "billing notifications list --failed shows them; once the cause is gone, billing notifications \
             replay tells them.",
        ),
        _ if !outbox.was_told => report.ok(NAME, "nobody is told when access changes"),
        (waiting, Some(minutes)) if minutes >= LATE_MINUTES => {
            let found = format!("{} not told for {minutes} minutes ({errors})", counted(waiting, "change"));
            report.failing(NAME, found, LOOK);
        }
        (0, _) => report.ok(NAME, "everything is told"),
        (waiting, Some(minutes)) => {
            let found = format!("{} not told for {minutes} minutes ({errors})", counted(waiting, "change"));
            report.warning(NAME, found, LOOK);
        }
        (waiting, None) => report.ok(NAME, format!("{} told within a minute", counted(waiting, "change"))),
    }
}
