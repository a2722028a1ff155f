//! Applying one event, wherever it comes from: one database call, and a read of Stripe with a second call
//! only where the order of payloads cannot tell.

mod discounts;
mod named_object;
mod told;

use std::time::{Duration, Instant};

use crate::billing::Resources;
use crate::config::ForeignSubscriptions;
use crate::db::webhook_events::{self, Effect, EventAnswer, EventOutcome, EventRef, EventToApply};
use crate::db::{Db, health};
use crate::deadline;
use crate::domain::ids::{OrgId, SubscriptionId};
use crate::domain::ordering::ReadTimes;
use crate::domain::status::Status;
use crate::error::Error;
use crate::stripe::event::Event;
use crate::stripe::wire::subscription::Subscription;
use crate::stripe::{self, Stripe};
use crate::telemetry::metrics;
use stripe_billing::subscription::RetrieveSubscription;

use crate::billing::route::route;
use crate::billing::whole_subscription::whole;

use named_object::{Named, kept_state, named_object, with_charge};
use told::{tell, warn};

/// How often Stripe is asked again because the row changed meanwhile.
pub(super) const READS: u32 = 4;

/// What is kept of a request's time for noting a failure, and for answering after that.
const TO_NOTE: Duration = Duration::from_millis(1500);
pub(super) const TO_ANSWER: Duration = Duration::from_millis(600);

/// Applies the event and tells what came of it. `arrived`: when its request came.
///
/// # Errors
/// [`Error::MissingOrg`]; [`Error::UnreadableEvent`] for an object that cannot be read; any other for what
/// shall be tried again. What failed after the event was read is noted with it.
pub async fn apply_event(
    resources: &Resources<'_>,
    event: &Event<'_>,
    arrived: Instant,
) -> Result<EventOutcome, Error> {
    let result = process(resources, event, arrived).await;
    tell(resources, event, &result, arrived);
    result.map(|settled| settled.outcome)
}

/// An event that is processed.
struct Settled {
    outcome: EventOutcome,
    org: Option<OrgId>,
    /// Stripe was asked.
    read: bool,
}

impl Settled {
    fn ignored() -> Self {
        Self { outcome: EventOutcome::Ignored, org: None, read: false }
    }
}

async fn process(resources: &Resources<'_>, event: &Event<'_>, arrived: Instant) -> Result<Settled, Error> {
    // Somebody else's: not even its mode is looked at.
    if event.is_of_another_account() || event.is_test() {
        return Ok(Settled::ignored());
    }
    let db = resources.db()?;
    let stripe = match resources.stripe() {
        Ok(stripe) => stripe,
        Err(error) => {
            note(db, &reference(event), None, &error).await;
            return Err(error);
        }
    };
    if event.is_probe() {
        // What an event needs is there.
        health::answers(db).await?;
        return Ok(Settled::ignored());
    }
    if event.livemode != stripe.livemode() {
        tracing::warn!(
            target: "billing", event = event.id, event.livemode,
            "an event of the other mode is ignored"
        );
        return Ok(Settled::ignored());
    }
    let reference = reference(event);
    let fetched = match named_object(stripe, event).await {
        Ok(Named::Carried) => None,
        Ok(Named::Fetched(object)) => Some(object),
        Ok(Named::Unknown) => return ignore(db, event).await,
        Err(error) => {
            note(db, &reference, None, &error).await;
            return Err(error);
        }
    };
    let whole = fetched.as_deref().map(|object| event.with_object(object));
    let whole = whole.as_ref().unwrap_or(event);
    let mut asked = fetched.is_some();
    let work = async {
        let Some(work) = route(whole)? else { return Ok(None) };
        asked |= matches!(work.effect, Effect::NamedCharge(_));
        with_charge(stripe, whole, work).await
    };
    let work = match work.await {
        Ok(Some(work)) => work,
        Ok(None) if asked => return ignore(db, event).await,
        Ok(None) => return Ok(Settled::ignored()),
        Err(error) => {
            note(db, &reference, None, &error).await;
            return Err(error);
        }
    };
    let to_apply = EventToApply {
        event: reference,
        orgs: work.orgs,
        reference: work.reference,
        customer: work.customer,
        effect: work.effect,
        paid: work.paid,
        carried: None,
        thin: whole.is_thin(),
        read: None,
        discounts_unread: false,
        void: false,
        grace_days: resources.grace_days,
        foreign_acknowledged: resources.foreign_subscriptions == ForeignSubscriptions::Acknowledge,
        elapsed_ms: elapsed_ms(arrived),
    };
    let (event, named) = (to_apply.event.clone(), to_apply.orgs.first().copied());
    match deadline::hold(TO_NOTE, Box::pin(settle(resources, stripe, to_apply, arrived))).await {
        // That it failed, the database has noted already.
        Ok(None) => Err(Error::MissingOrg),
        Ok(Some(settled)) => Ok(settled),
        Err(error) => {
            note(db, &event, named, &error).await;
            Err(error)
        }
    }
}

/// Only Stripe's answer told that the event is of no use: an earlier attempt may have failed, and be noted.
async fn ignore(db: &Db, event: &Event<'_>) -> Result<Settled, Error> {
    webhook_events::settle(db, &event.id).await?;
    Ok(Settled::ignored())
}

/// What identifies the event, and places it in time.
pub fn reference(event: &Event<'_>) -> EventRef {
    EventRef {
        id: event.id.clone(),
        kind: event.kind.clone(),
        created: event.created,
        livemode: event.livemode,
        api_version: event.api_version.clone(),
    }
}

/// Notes a failed attempt. Its error is the one to tell; that it could not be noted is one more line in the
/// log.
async fn note(db: &Db, event: &EventRef, org: Option<OrgId>, error: &Error) {
    if let Error::UnreadableEvent(cause) = error {
        metrics::unreadable_event();
        tracing::error!(target: "billing", event = event.id, %cause, "an event cannot be read");
    }
    let reason = match error {
        Error::Misconfigured(_) => "not_configured",
        _ => error.code(),
    };
    let noting = async { webhook_events::fail(db, event, org, reason).await.map_err(Error::from) };
    if let Err(unnoted) = deadline::hold(TO_ANSWER, Box::pin(noting)).await {
        tracing::error!(
            target: "billing", event = event.id, error = %unnoted,
            "a failed attempt could not be noted"
        );
    }
}

/// Applies the event until it is processed. None: it belongs to no organization.
async fn settle(
    resources: &Resources<'_>,
    stripe: &Stripe,
    mut to_apply: EventToApply,
    arrived: Instant,
) -> Result<Option<Settled>, Error> {
    let db = resources.db()?;
    for _ in 0..=READS {
        match webhook_events::apply(db, &to_apply).await? {
            EventAnswer::Settled { outcome, org_id, seen } => {
                warn(&to_apply, outcome, &seen);
                return Ok(Some(Settled { outcome, org: org_id, read: to_apply.read.is_some() }));
            }
            EventAnswer::MissingOrg => return Ok(None),
            EventAnswer::AskStripe { version, for_discounts, for_paid } => {
                to_apply = match (for_discounts, for_paid) {
                    (true, _) => discounts::read(stripe, to_apply, version).await,
                    (_, true) => {
                        let carried = kept_state(stripe, &to_apply.event).await?;
                        EventToApply { carried, thin: false, ..to_apply }
                    }
                    _ => ask_stripe(stripe, to_apply, version).await?,
                };
                to_apply.elapsed_ms = elapsed_ms(arrived);
            }
        }
    }
    Err(Error::Internal("the subscription changed at every read of Stripe"))
}

/// Reads the subscription's state. No transaction is open.
async fn ask_stripe(
    stripe: &Stripe,
    mut to_apply: EventToApply,
    version: i64,
) -> Result<EventToApply, Error> {
    let id = match &to_apply.effect {
        Effect::Snapshot(snapshot) => snapshot.id.clone(),
        Effect::Named(id) => id.clone(),
        _ => return Err(Error::Internal("only a subscription needs a read")),
    };
    match stripe.read_one::<Subscription>(&retrieve(id.as_str()), id.as_str()).await {
        Ok((subscription, answered)) => {
            let (snapshot, answered) = whole(stripe, subscription, answered).await?;
            let unpaid = snapshot.status == Status::PastDue;
            // What Stripe says now comes before what an invoice said when it was made.
            let orgs = snapshot.orgs.iter().copied().chain(to_apply.orgs).collect();
            let customer = snapshot.customer.clone();
            let read = Some(ReadTimes::of(version, answered));
            let now = Effect::Snapshot(Box::new(snapshot));
            // Asked twice, it is still the event's own state that it carried.
            let carried = match std::mem::replace(&mut to_apply.effect, now) {
                Effect::Snapshot(carried) if to_apply.read.is_none() => Some(carried),
                Effect::Named(_) if to_apply.thin && unpaid => kept_state(stripe, &to_apply.event).await?,
                _ => to_apply.carried,
            };
            Ok(EventToApply { orgs, customer, carried, read, ..to_apply })
        }
        Err(error) if is_unknown(&error) => Ok(without_stripe(to_apply, &id, version)),
        // Only whose it is was to be learned: that it is nobody's is noted, and the event comes again.
        // Where others' events are acknowledged, it would not.
        Err(_)
            if version == 0
                && to_apply.orgs.is_empty()
                && !to_apply.foreign_acknowledged
                && matches!(to_apply.effect, Effect::Snapshot(_)) =>
        {
            let read = Some(ReadTimes::payload_stands(version, to_apply.event.created));
            Ok(EventToApply { read, ..to_apply })
        }
        Err(error) => Err(error.into()),
    }
}

/// Stripe forgets objects of deleted test clocks. Then what the event carries stands, and without that there
/// is nothing to apply.
fn without_stripe(to_apply: EventToApply, id: &SubscriptionId, version: i64) -> EventToApply {
    tracing::error!(
        target: "billing", event = to_apply.event.id, subscription = id.as_str(),
        "Stripe does not know this subscription: is the key of another account?"
    );
    let read = Some(ReadTimes::payload_stands(version, to_apply.event.created));
    let void = matches!(to_apply.effect, Effect::Named(_));
    EventToApply { read, void, ..to_apply }
}

/// What a read of subscriptions shows whole: the customer, whose metadata may name the organization, and what
/// discounts take off.
pub(super) const WHOLE: [&str; 2] = ["customer", "discounts.source.coupon"];
/// The same of a read of one: what its schedule plans. In a list that is a level deeper than Stripe shows.
const PLANNED: &str = "schedule.phases.items.price";

/// A read of a subscription.
pub(super) fn retrieve(id: &str) -> RetrieveSubscription {
    let whole = WHOLE.into_iter().chain([PLANNED]);
    RetrieveSubscription::new(id).expand(whole.map(str::to_owned).collect::<Vec<_>>())
}

/// Whether Stripe has no such object.
pub fn is_unknown(error: &stripe::Error) -> bool {
    matches!(error, stripe::Error::Refused { status: 404, code, .. } if code == "resource_missing")
}

fn elapsed_ms(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}
