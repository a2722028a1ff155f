//! Metrics, in CloudWatch's embedded metric format: a line on standard output that CloudWatch reads, so that
//! measuring costs no call (AWS: Embedding metrics within logs). Here is every metric there is;
//! monitoring.yaml has an alarm or a graph for each.
//!
//! All have the dimension `Function`. Names, kinds and outcomes are ours; nothing that a caller sends becomes
//! a dimension.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use ::metrics::{counter, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::telemetry::request::{Current, Part};

static COLLECTOR: OnceLock<&'static Collector> = OnceLock::new();

/// Starts them. Without a namespace there are none.
pub fn start(namespace: Option<&str>, function: &'static str) {
    let Some(namespace) = namespace else { return };
    let started =
        Builder::new().cloudwatch_namespace(namespace.to_owned()).with_dimension("Function", function).init();
    match started {
        Ok(collector) => {
            if COLLECTOR.set(collector).is_ok() {
                counter!("ColdStarts").increment(1);
            }
        }
        Err(error) => tracing::error!(target: "billing", %error, "there are no metrics"),
    }
}

/// Writes what was counted since the last time.
pub fn flush() {
    let Some(collector) = COLLECTOR.get() else { return };
    // The collector writes in small pieces: together they are one call of the kernel.
    let mut lines = Vec::with_capacity(1024);
    if let Err(error) = collector.flush(&mut lines).and_then(|()| std::io::stdout().write_all(&lines)) {
        tracing::error!(target: "billing", %error, "metrics are lost");
    }
}

/// A request was answered.
pub fn answered(current: &Current, status: u16, code: Option<&'static str>, milliseconds: f64) {
    counter!("Requests").increment(1);
    histogram!("RequestMilliseconds").record(milliseconds);
    parts(current);
    match status {
        304 => counter!("NotModified").increment(1),
        500.. => counter!("ServerErrors").increment(1),
        _ => {}
    }
    match code {
        Some("invalid_signature") => counter!("InvalidSignatures").increment(1),
        Some("database_unavailable") => counter!("DatabaseErrors").increment(1),
        Some("stripe_error" | "stripe_throttled") => counter!("StripeErrors").increment(1),
        _ => {}
    }
}

/// Entitlements were answered from memory.
pub fn cache_hit() {
    counter!("CacheHits").increment(1);
}

/// A replica answered, and its state was that old at most. None: not known.
pub fn replica_answered(lag: Option<Duration>) {
    if let Some(lag) = lag {
        histogram!("ReplicaLagMilliseconds").record(lag.as_millis() as f64);
    }
}

/// The primary was asked because the replica was behind, or failed, or rests after a failure.
pub fn replica_passed_over() {
    counter!("ReplicaPassedOver").increment(1);
}

/// Where the time of a request or a run went.
fn parts(current: &Current) {
    if let Some(milliseconds) = current.milliseconds(Part::Database) {
        histogram!("DatabaseMilliseconds").record(milliseconds);
    }
    if let Some(milliseconds) = current.milliseconds(Part::Stripe) {
        histogram!("StripeMilliseconds").record(milliseconds);
    }
}

/// An event of Stripe's with a good signature was worked on: by the webhook, or by a reconciliation.
#[derive(Clone, Copy, Debug)]
pub struct WebhookEvent {
    /// Stripe's type; `other` for one that we do not process.
    pub kind: &'static str,
    /// What came of it, or the code of its failure.
    pub outcome: &'static str,
    /// It failed, and comes again.
    pub failed: bool,
    /// Seconds from its making at Stripe to the commit of its effects. None: it had none.
    pub age_seconds: Option<i64>,
    /// Of our work on it.
    pub milliseconds: f64,
}

/// Counts an event.
pub fn event(event: WebhookEvent) {
    counter!("WebhookEvents").increment(1);
    counter!("WebhookFailures").increment(u64::from(event.failed));
    counter!("WebhookEventsByType", "Type" => event.kind, "Outcome" => event.outcome).increment(1);
    histogram!("WebhookMilliseconds").record(event.milliseconds);
    if let Some(age) = event.age_seconds {
        // Two clocks: an event from the future was made just now.
        histogram!("SyncSeconds").record(age.max(0) as f64);
    }
}

/// An event showed something that somebody should look at, by its name in the audit trail.
pub fn seen(name: &str) {
    match name {
        "unknown_plan" => counter!("UnknownPlans").increment(1),
        "addon_unreadable" => counter!("UnreadableAddons").increment(1),
        "payment_disputed" => counter!("Disputes").increment(1),
        "paid_by_stranger" => counter!("PaidByStrangers").increment(1),
        _ => {}
    }
}

/// An event of Stripe's cannot be read, or lacks what it should carry.
pub fn unreadable_event() {
    counter!("UnreadableEvents").increment(1);
}

/// Somebody delivered an event while there is no signing secret to check it by.
pub fn no_signing_secret() {
    counter!("EventsWithoutSecret").increment(1);
}

/// Stripe answered something that is no answer to what it was asked.
pub fn disbelieved() {
    counter!("DisbelievedAnswers").increment(1);
}

/// Stripe was not asked, because it failed a moment ago.
pub fn not_asked() {
    counter!("StripeNotAsked").increment(1);
}

/// Somebody else held a lock of the database for longer than the work may wait.
pub fn lock_not_had() {
    counter!("LocksNotHad").increment(1);
}

/// A connection led to a server that only reads.
pub fn read_only() {
    counter!("ReadOnlyConnections").increment(1);
}

/// Nobody waited for a statement any more: its connection was closed, and the server told to end it.
pub fn statement_abandoned() {
    counter!("AbandonedStatements").increment(1);
}

/// The server gave no connection, because the login or the server has as many as it may have.
pub fn connection_refused() {
    counter!("ConnectionsRefused").increment(1);
}

/// How many of the database's connections are used, of a hundred: the server's, or those of the login that
/// has the fewest left.
pub fn connections_used(percent: i64) {
    histogram!("ConnectionsUsedPercent").record(percent as f64);
}

/// An access token was refused.
pub fn refused_token() {
    counter!("RefusedTokens").increment(1);
}

/// The probe asked its questions; so many had no good answer.
pub fn probed(failures: u64) {
    counter!("Probes").increment(1);
    counter!("ProbeFailures").increment(failures);
}

/// What the application was told in one run.
#[derive(Clone, Copy, Debug)]
pub struct Notified {
    /// Messages that every destination has.
    pub delivered: u64,
    /// Messages that a destination did not take.
    pub failed: u64,
    /// Changes that are given up.
    pub given_up: u64,
    /// How long the oldest change waits that is not told yet. None: none does.
    pub oldest_seconds: Option<i64>,
}

/// Counts a run.
pub fn notified(run: Notified) {
    counter!("NotifyRuns").increment(1);
    counter!("Notifications").increment(run.delivered);
    counter!("NotificationFailures").increment(run.failed);
    counter!("NotificationsGivenUp").increment(run.given_up);
    histogram!("NotificationsOldestSeconds").record(run.oldest_seconds.unwrap_or(0) as f64);
}

/// What a reconciliation came to.
#[derive(Clone, Copy, Debug)]
pub struct Reconciliation {
    /// Events that had been missed or had failed, and are applied.
    pub recovered: u64,
    /// Events that failed.
    pub failed: u64,
    /// Subscriptions that differed from Stripe.
    pub drift: u64,
    /// Of them those that still do.
    pub unrepaired: u64,
    /// Events and subscriptions of single organizations that failed, and are tried again; also subscriptions
    /// that were not tried now, so that the number does not fall while their tries get rarer.
    pub postponed: u64,
    /// Live subscriptions of organizations that the application deleted.
    pub without_organization: u64,
    /// Parts that could not do their work.
    pub problems: u64,
    /// How far our clock is ahead of Stripe's. None: nobody knows.
    pub clock_skew_seconds: Option<i64>,
    /// Plans that changed since the last one, whatever changed them.
    pub plan_changes: u64,
    /// How long it took.
    pub milliseconds: f64,
}

/// Counts a reconciliation.
pub fn reconciled(current: &Current, run: Reconciliation) {
    counter!("Reconciliations").increment(1);
    counter!("RecoveredEvents").increment(run.recovered);
    counter!("FailedEvents").increment(run.failed);
    counter!("Drift").increment(run.drift);
    counter!("UnrepairedDrift").increment(run.unrepaired);
    counter!("Postponed").increment(run.postponed);
    counter!("SubscriptionsWithoutOrganization").increment(run.without_organization);
    counter!("ReconcileProblems").increment(run.problems);
    counter!("PlanChanges").increment(run.plan_changes);
    histogram!("ReconcileMilliseconds").record(run.milliseconds);
    if let Some(skew) = run.clock_skew_seconds {
        histogram!("ClockSkewSeconds").record(skew.abs() as f64);
    }
    parts(current);
}
