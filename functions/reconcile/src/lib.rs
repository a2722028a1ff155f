//! Every 15 minutes: puts through what was missed or failed, and compares subscriptions with Stripe's.
//! EventBridge calls it, with nothing in its event that matters.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lambda_http::lambda_runtime::Context;
use shared::app::App;
use shared::billing::limits::{CALLS_PER_SECOND, Limits};
use shared::billing::reconcile::{ReconcileReport, Sweep, reconcile};
use shared::live::Live;
use shared::serve::attempt;
use shared::telemetry::metrics;
use shared::telemetry::request::{Current, LONGEST, during};

/// How long before Lambda's limit it stops, to store how far it got and tell what it did.
const RESERVE: Duration = Duration::from_secs(30);

/// A part could not do its work, or something is left that somebody has to look at. Lambda counts it as an
/// error of the function.
#[derive(Debug, thiserror::Error)]
#[error("reconciled with problems: {0}")]
pub struct Unwell(String);

/// Reconciles as one run of the function: with its ids in the log, and its metrics.
///
/// # Errors
/// [`Unwell`], after everything that could be done was done.
pub async fn run(live: &Live, context: Context) -> Result<ReconcileReport, Unwell> {
    let current = Current::of(&context);
    let result = during(current, until(live, context.deadline())).await;
    metrics::flush();
    result
}

/// Reconciles until `deadline`, less a reserve. If a login or a key turns out to have been replaced, it
/// begins again with the new one.
///
/// # Errors
/// [`Unwell`], after everything that could be done was done.
pub async fn until(live: &Live, deadline: SystemTime) -> Result<ReconcileReport, Unwell> {
    let work = |app: Arc<App>, deadline| async move { reconcile_until(&app, deadline).await };
    let report = attempt(live, deadline, work, |report| report.may_be_outdated).await;
    verdict(report.map_err(|error| Unwell(error.to_string()))?)
}

/// Reconciles with a configuration that does not change.
///
/// # Errors
/// [`Unwell`], after everything that could be done was done.
pub async fn handle(app: &App, deadline: SystemTime) -> Result<ReconcileReport, Unwell> {
    verdict(reconcile_until(app, deadline).await)
}

async fn reconcile_until(app: &App, deadline: SystemTime) -> ReconcileReport {
    reconcile(&app.resources(), Sweep::WhenDue, &limits(app, deadline)).await
}

fn verdict(report: ReconcileReport) -> Result<ReconcileReport, Unwell> {
    if report.is_well() {
        return Ok(report);
    }
    Err(Unwell(serde_json::to_string(&report).unwrap_or_default()))
}

fn limits(app: &App, deadline: SystemTime) -> Limits {
    let limits = Limits::default().at_pace(CALLS_PER_SECOND);
    match deadline.duration_since(SystemTime::from(app.clock.machine())) {
        Ok(left) if left <= LONGEST => limits.until(Instant::now() + left.saturating_sub(RESERVE)),
        _ => limits,
    }
}
