//! Whether Stripe and we are in step: events delivered, applied, reconciled; subscriptions the same on both
//! sides.

use std::collections::HashMap;

use shared::billing::limits::Limits;
use shared::billing::read_subscriptions::{self, Page};
use shared::billing::streak::Streak;
use shared::db::subscriptions::Purpose;
use shared::stripe::event_list::{self, EventFilter};
use shared::stripe::{self, Stripe};
use stripe_billing::subscription::ListSubscription;
use tokio_postgres::Client;

use super::DoctorReport;
use crate::context::{self, Context};

/// What the product promises, of a hundred.
const PROMISED: usize = 99;
/// An event younger than this, in seconds, may be on its way.
const ON_ITS_WAY: i64 = 60;
/// The reconciliation runs every 15 minutes; twice is one that was missed.
const RECONCILED_WITHIN_MINUTES: i64 = 35;

pub(super) async fn check(context: &Context, report: &mut DoctorReport) {
    let (Ok(database), Ok(stripe)) = (context.database().await, context.stripe()) else {
        // Told above.
        return;
    };
    if let Err(error) = delivery(context, stripe, report).await {
        report.impossible("webhook_delivery", context::Error::from(error));
    }
    if let Err(error) = failed(database, stripe.livemode(), report).await {
        return report.impossible("failed_events", context::Error::from(error));
    }
    if let Err(error) = reconciled(database, stripe.livemode(), report).await {
        report.impossible("reconciliation", context::Error::from(error));
    }
    in_step(context, report).await;
}

/// How many of the hundred newest events were delivered.
async fn delivery(
    context: &Context,
    stripe: &Stripe,
    report: &mut DoctorReport,
) -> Result<(), stripe::Error> {
    let before = Some(context.clock.now().as_second() - ON_ITS_WAY);
    let newest = event_list::page(stripe, EventFilter { before, ..EventFilter::default() }, None).await?;
    let Some(oldest) = newest.data.last() else {
        report.ok("webhook_delivery", "there was no event yet");
        return Ok(());
    };
    let lost = EventFilter { from: oldest.created, before, undelivered: true };
    let undelivered = event_list::page(stripe, lost, None).await?;
    let (all, lost) = (newest.data.len(), undelivered.data.len());
    let found = format!("{} of the newest {all} events delivered", all.saturating_sub(lost));
    if (all.saturating_sub(lost)) * 100 >= all * PROMISED {
        report.ok("webhook_delivery", found);
    } else {
        report.failing(
            "webhook_delivery",
            found,
            "Stripe's Dashboard shows each attempt and its answer, under Developers, Webhooks. billing \
             reconcile makes up for what was missed.",
        );
    }
    Ok(())
}

async fn failed(
    database: &Client,
    livemode: bool,
    report: &mut DoctorReport,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "select count(*), coalesce(bool_or(first_received_at < now() - interval '1 day'), false),
           coalesce((select string_agg(distinct error_code, ', ') from billing.webhook_events
             where status = 'failed' and livemode = {livemode}), '')
         from billing.webhook_events where status = 'failed' and livemode = {livemode}"
    );
    let rows = database.query_typed(&sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (count, for_a_day, codes): (i64, bool, String) = (row.get(0), row.get(1), row.get(2));
    const LOOK: &str =
        "billing events list --failed shows them; once the cause is gone, billing events replay --failed.";
    match count {
        0 => report.ok("failed_events", "none"),
        _ if for_a_day => {
            report.failing("failed_events", format!("{count} ({codes}), for more than a day"), LOOK)
        }
        _ => report.warning("failed_events", format!("{count} ({codes})"), LOOK),
    }
    Ok(())
}

async fn reconciled(
    database: &Client,
    livemode: bool,
    report: &mut DoctorReport,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "select extract(epoch from now() - updated_at)::bigint / 60,
            (extract(epoch from now())::bigint - (position ->> 'through')::bigint) / 60
            from billing.reconcile_cursors where name = 'events' and livemode = {livemode}"
    );
    let rows = database.query_typed(&sql, &[]).await?;
    const MEND: &str = "The function reconcile runs every 15 minutes: look at its log, and at its schedule. \
                        billing reconcile does the same now.";
    match rows.first().map(|row| (row.get::<_, i64>(0), row.get::<_, Option<i64>>(1))) {
        None => report.warning("reconciliation", "there was none yet", MEND),
        Some((minutes, _)) if minutes > RECONCILED_WITHIN_MINUTES => {
            report.failing("reconciliation", format!("the last one was {minutes} minutes ago"), MEND);
        }
        Some((_, Some(behind))) if behind > RECONCILED_WITHIN_MINUTES => report.failing(
            "reconciliation",
            format!("it is {behind} minutes behind"),
            "It runs, and comes to newer events in each run: billing reconcile goes on at once. Stripe lists \
             the events of 30 days. What is older, billing backfill --all makes up for.",
        ),
        Some((minutes, _)) => report.ok("reconciliation", format!("{minutes} minutes ago")),
    }
    Ok(())
}

/// The newest hundred subscriptions, compared.
async fn in_step(context: &Context, report: &mut DoctorReport) {
    let app = context.app();
    let purpose = Purpose { cause: "doctor", grace_days: app.config.grace_days, dry_run: true };
    match read_subscriptions::page(
        &app.resources(),
        purpose,
        ListSubscription::new(),
        &HashMap::new(),
        &Limits::default(),
        &mut Streak::default(),
    )
    .await
    .and_then(Page::whole)
    {
        Ok(page) if page.tally.drifted + page.tally.unexplained == 0 => {
            report
                .ok("in_step", format!("the newest {} subscriptions are as Stripe says", page.tally.checked));
        }
        Ok(page) => {
            let some: Vec<String> = page
                .drift
                .iter()
                .take(3)
                .map(|drift| format!("{} ({})", drift.subscription, drift.differences.join(", ")))
                .collect();
            report.failing(
                "in_step",
                format!(
                    "{} of the newest {} subscriptions differ from Stripe: {}",
                    page.tally.drifted + page.tally.unexplained,
                    page.tally.checked,
                    some.join("; ")
                ),
                "billing reconcile mends it; billing explain says what an organization has and why.",
            );
        }
        Err(error) => report.impossible("in_step", error),
    }
}
