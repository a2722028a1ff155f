//! Applying one event, wherever it comes from: one database call, and a read of Stripe with a second call only where the order of
//! payloads cannot tell.

use std::time::{Duration, Instant};

use crate::billing::Resources;
use crate::config::ForeignSubscriptions;
use crate::db::Db;
use crate::db::webhook_events::{self, Application, Effect, EventRef, Outcome};
use crate::deadline;
use crate::domain::ids::{OrgId, SubscriptionId};
use crate::domain::ordering::Read;
use crate::domain::subscription::{Plan, Snapshot, is_known};
use crate::error::Error;
use crate::stripe::event::Event;
use crate::stripe::wire::subscription::Subscription;
use crate::stripe::{self, Stripe};
use crate::telemetry::metrics::{self, WebhookEvent};
use crate::telemetry::request::{self, Part};
use serde_json::value::RawValue;
use stripe_billing::subscription::RetrieveSubscription;

use crate::billing::route::route;

/// How often Stripe is asked again because the row changed meanwhile.
pub(super) const READS: u32 = 4;

/// What is kept of a request's time for noting a failure, and for answering after that.
const TO_NOTE: Duration = Duration::from_millis(1500);
const TO_ANSWER: Duration = Duration::from_millis(600);

/// Applies the event and tells what came of it. `arrived`: when its request came.
///
/// # Errors
/// [`Error::MissingOrg`]; [`Error::UnreadableEvent`] for an object that cannot be read; any other for what shall be tried again. What
/// failed after the event was read is noted with it.
pub async fn apply_event(
    resources: &Resources<'_>,
    event: &Event<'_>,
    arrived: Instant,
) -> Result<Outcome, Error> {
    let result = process(resources, event, arrived).await;
    tell(resources, event, &result, arrived);
    result.map(|settled| settled.outcome)
}

/// What came of an event.
struct Settled {
    outcome: Outcome,
    org: Option<OrgId>,
    /// Stripe was asked.
    read: bool,
}

impl Settled {
    fn ignored() -> Self {
        Self { outcome: Outcome::Ignored, org: None, read: false }
    }
}

async fn process(resources: &Resources<'_>, event: &Event<'_>, arrived: Instant) -> Result<Settled, Error> {
    // Somebody else's: not even its mode is looked at.
    if event.is_of_another_account() || event.is_test() {
        return Ok(Settled::ignored());
    }
    let (db, stripe) = (resources.db()?, resources.stripe()?);
    if event.livemode != stripe.livemode() {
        tracing::warn!(target: "billing", event = event.id, event.livemode, "an event of the other mode is ignored");
        return Ok(Settled::ignored());
    }
    let reference = reference(event);
    let fetched = match named_object(stripe, event).await {
        Ok(Named::Carried) => None,
        Ok(Named::Fetched(object)) => Some(object),
        Ok(Named::Unknown) => return Ok(Settled::ignored()),
        Err(error) => {
            note(db, &reference, &error).await;
            return Err(error);
        }
    };
    let whole = fetched.as_deref().map(|object| event.with_object(object));
    let Some(work) = route(whole.as_ref().unwrap_or(event))? else {
        return Ok(Settled::ignored());
    };
    let application = Application {
        event: reference,
        orgs: work.orgs,
        customer: work.customer,
        customer_is_theirs: work.customer_is_theirs,
        effect: work.effect,
        read: None,
        void: false,
        grace_days: resources.grace_days,
        foreign_acknowledged: resources.foreign_subscriptions == ForeignSubscriptions::Acknowledge,
        elapsed_ms: elapsed_ms(arrived),
    };
    let event = application.event.clone();
    match deadline::hold(TO_NOTE, Box::pin(settle(resources, stripe, application, arrived))).await {
        Ok(Settled { outcome: Outcome::MissingOrg, .. }) => Err(Error::MissingOrg),
        Ok(settled) => Ok(settled),
        Err(error) => {
            note(db, &event, &error).await;
            Err(error)
        }
    }
}

fn reference(event: &Event<'_>) -> EventRef {
    EventRef {
        id: event.id.clone(),
        kind: event.kind.clone(),
        created: event.created,
        livemode: event.livemode,
        api_version: event.api_version.clone(),
    }
}

/// Notes a failed attempt. Its error is the one to tell; that it could not be noted is one more line in the log.
async fn note(db: &Db, event: &EventRef, error: &Error) {
    let noting = async { webhook_events::fail(db, event, error.code()).await.map_err(Error::from) };
    if let Err(unnoted) = deadline::hold(TO_ANSWER, Box::pin(noting)).await {
        tracing::error!(target: "billing", event = event.id, error = %unnoted, "a failed attempt could not be noted");
    }
}

/// The object that a thin event names.
enum Named {
    /// The event carries it, or what it is about needs none: a subscription is read later, by the rule of reads.
    Carried,
    /// As it is now.
    Fetched(Box<RawValue>),
    /// Stripe does not know it any more.
    Unknown,
}

async fn named_object(stripe: &Stripe, event: &Event<'_>) -> Result<Named, Error> {
    if !event.is_thin() || event.counted_kind() == "other" || event.kind.starts_with("customer.subscription.")
    {
        return Ok(Named::Carried);
    }
    let related = event.related()?;
    let reading = async { Ok::<_, Error>(stripe.related(related).await) };
    match deadline::hold(TO_NOTE, Box::pin(reading)).await? {
        Ok(Some(object)) => Ok(Named::Fetched(object)),
        Ok(None) => Ok(Named::Unknown),
        Err(error) if is_unknown(&error) => Ok(Named::Unknown),
        Err(error) => Err(error.into()),
    }
}

async fn settle(
    resources: &Resources<'_>,
    stripe: &Stripe,
    mut application: Application,
    arrived: Instant,
) -> Result<Settled, Error> {
    let db = resources.db()?;
    for _ in 0..=READS {
        let applied = webhook_events::apply(db, &application).await?;
        if !matches!(applied.outcome, Outcome::Read | Outcome::Conflict) {
            warn_of_the_unknown(&application, applied.outcome);
            let read = application.read.is_some();
            return Ok(Settled { outcome: applied.outcome, org: applied.org_id, read });
        }
        application = ask_stripe(resources, stripe, application, applied.version).await?;
        application.elapsed_ms = elapsed_ms(arrived);
    }
    Err(Error::Internal("the subscription changed at every read of Stripe"))
}

/// Reads the subscription's state. No transaction is open.
async fn ask_stripe(
    resources: &Resources<'_>,
    stripe: &Stripe,
    application: Application,
    version: i64,
) -> Result<Application, Error> {
    let id = match &application.effect {
        Effect::Snapshot(snapshot) => snapshot.id.clone(),
        Effect::Named(id) => id.clone(),
        Effect::Payment(_) => return Err(Error::Internal("a payment needs no read")),
    };
    let started = resources.clock.now();
    let answer = stripe.get::<Subscription>(&RetrieveSubscription::new(id.as_str())).await;
    let ended = resources.clock.now();
    match answer {
        Ok(subscription) => {
            let snapshot = Snapshot::from(subscription);
            // What Stripe says now comes before what an invoice said when it was made.
            let orgs = snapshot.org.into_iter().chain(application.orgs).collect();
            let customer = Some(snapshot.customer.clone());
            let read = Some(Read::between(version, started, ended));
            Ok(Application {
                orgs,
                customer,
                effect: Effect::Snapshot(Box::new(snapshot)),
                read,
                ..application
            })
        }
        Err(error) if is_unknown(&error) => Ok(without_stripe(application, &id, version)),
        Err(error) => Err(error.into()),
    }
}

/// Stripe forgets objects of deleted test clocks. Then what the event carries stands, and without that there is nothing to apply.
fn without_stripe(application: Application, id: &SubscriptionId, version: i64) -> Application {
    tracing::error!(target: "billing", event = application.event.id, subscription = id.as_str(), "Stripe does not know this subscription: is the key of another account?");
    let read = Some(Read::payload_stands(version, application.event.created));
    let void = matches!(application.effect, Effect::Named(_));
    Application { read, void, ..application }
}

/// Whether Stripe has no such object.
pub fn is_unknown(error: &stripe::Error) -> bool {
    matches!(error, stripe::Error::Refused { status: 404, code, .. } if code == "resource_missing")
}

/// A plan or a status that this code does not know: access may be less than what was paid for.
fn warn_of_the_unknown(application: &Application, outcome: Outcome) {
    let (Effect::Snapshot(snapshot), Outcome::Applied) = (&application.effect, outcome) else { return };
    let (event, subscription) = (&application.event.id, snapshot.id.as_str());
    if snapshot.plan == Plan::Unknown {
        let price = &snapshot.item.price;
        tracing::warn!(target: "billing", event, subscription, price, "no plan is known for this price: it counts as pilot");
    }
    if !is_known(&snapshot.status) {
        let status = &snapshot.status;
        tracing::warn!(target: "billing", event, subscription, status, "this status is new: it grants nothing");
    }
}

/// The one line of an event, and its metrics.
fn tell(resources: &Resources<'_>, event: &Event<'_>, result: &Result<Settled, Error>, arrived: Instant) {
    let current = request::current();
    let (outcome, failed) = match result {
        Ok(settled) => (settled.outcome.as_str(), false),
        Err(error) => (error.code(), true),
    };
    let settled = result.as_ref().ok();
    let org = settled.and_then(|settled| settled.org).map(tracing::field::display);
    let applied = settled.is_some_and(|settled| settled.outcome == Outcome::Applied);
    let age_seconds = applied.then(|| resources.clock.now().as_second() - event.created);
    let milliseconds = arrived.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        target: "billing",
        event = event.id, kind = event.kind, outcome, org, age_seconds,
        read = settled.is_some_and(|settled| settled.read),
        request_id = current.request_id, trace_id = current.trace_id, milliseconds,
        verify_ms = current.milliseconds(Part::Verify),
        database_ms = current.milliseconds(Part::Database),
        stripe_ms = current.milliseconds(Part::Stripe),
        "event"
    );
    metrics::event(WebhookEvent { kind: event.counted_kind(), outcome, failed, age_seconds, milliseconds });
}

fn elapsed_ms(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}
