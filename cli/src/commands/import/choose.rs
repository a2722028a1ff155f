//! Which customer an organization gets: what each of those that a source names is at Stripe, and the one of
//! several.

use std::collections::HashMap;

use shared::billing::apply_event::is_unknown;
use shared::billing::read_subscriptions::{self, Listed};
use shared::db::subscriptions::SubscriptionRead;
use shared::domain::ids::OrgId;
use shared::error::Error as Operation;
use shared::stripe::Error as StripeError;
use shared::stripe::wire::customer::Customer;
use stripe_billing::subscription::ListSubscription;
use stripe_core::customer::RetrieveCustomer;

use super::claims::{Place, Wanted};
use super::problem::{Kind, Problem};
use super::{CAUSE, Import};
use crate::context;
use crate::words::counted;

/// A customer that is there, with its subscriptions.
#[derive(Debug)]
pub(super) struct Candidate {
    pub customer: Customer,
    /// Where the source names it.
    pub place: Place,
    /// Pages of Stripe's list.
    pub listed: Vec<Listed>,
}

impl Candidate {
    /// Its subscriptions.
    pub(super) fn seen(&self) -> impl Iterator<Item = &SubscriptionRead> {
        self.listed.iter().flat_map(|listed| &listed.seen)
    }

    fn is_live(&self) -> bool {
        self.seen().any(|seen| seen.snapshot.status.is_live())
    }
}

impl Import<'_> {
    /// The customer that the organization gets. None: `problems` tells why.
    pub(super) async fn choose(
        &self,
        wanted: &Wanted,
        versions: &HashMap<String, i64>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Candidate>, context::Error> {
        let mut candidates = Vec::new();
        for (id, place) in &wanted.customers {
            match self.look_up(id).await? {
                Ok(customer) => {
                    let listed = self.list_subscriptions(id, versions).await?;
                    candidates.push(Candidate { customer, place: place.clone(), listed });
                }
                Err((kind, what)) => {
                    let sentence = format!("{id} of {} {what}{}.", wanted.org, place.aside());
                    problems.push(Problem::new(kind, sentence).of(wanted.org).about(id).at(place));
                }
            }
        }
        let Some(chosen) = one_of(wanted, candidates, problems) else { return Ok(None) };
        problems.extend(unreadable(wanted.org, &chosen));
        Ok(Some(chosen))
    }

    /// The customer, or what is amiss with it.
    async fn look_up(&self, id: &str) -> Result<Result<Customer, (Kind, &'static str)>, context::Error> {
        if let Some(known) = self.known.get(id) {
            return Ok(Ok(known.clone()));
        }
        self.limits.pace().await;
        Ok(match self.stripe.get::<Customer>(&RetrieveCustomer::new(id)).await {
            Ok(customer) if customer.deleted => {
                Err((Kind::Deleted, "was deleted at Stripe: there is nothing to take over"))
            }
            Ok(customer) => Ok(customer),
            Err(StripeError::Refused { other_mode: true, .. }) if self.livemode => {
                Err((Kind::OtherMode, "is a customer of test mode, and the key is a live one"))
            }
            Err(StripeError::Refused { other_mode: true, .. }) => {
                Err((Kind::OtherMode, "is a customer of live mode, and the key is a test key"))
            }
            Err(error) if is_unknown(&error) => {
                Err((Kind::UnknownCustomer, "is unknown to the Stripe account of STRIPE_SECRET_KEY"))
            }
            Err(error) => return Err(error.into()),
        })
    }

    async fn list_subscriptions(
        &self,
        customer: &str,
        versions: &HashMap<String, i64>,
    ) -> Result<Vec<Listed>, context::Error> {
        let mut pages: Vec<Listed> = Vec::new();
        loop {
            let mut list = ListSubscription::new().customer(customer);
            let last = pages.last().and_then(|listed| listed.page.ids.last());
            if let Some(last) = last {
                list = list.starting_after(last.as_str());
            }
            let listed =
                match read_subscriptions::list(&self.app.resources(), CAUSE, list, versions, &self.limits)
                    .await
                {
                    // It was deleted since it was looked up.
                    Err(Operation::Stripe(error)) if error.is_missing("customer") => return Ok(pages),
                    listed => listed?,
                };
            if last.is_some_and(|last| listed.page.ids.contains(last)) {
                return Err(StripeError::repeated_page().into());
            }
            let goes_on = listed.page.has_more && !listed.page.ids.is_empty();
            pages.push(listed);
            if !goes_on {
                return Ok(pages);
            }
        }
    }
}

/// Of several customers the one with a live subscription, else the newest. Several with a live one are for a
/// person to decide.
fn one_of(wanted: &Wanted, mut candidates: Vec<Candidate>, problems: &mut Vec<Problem>) -> Option<Candidate> {
    let org = wanted.org;
    let live: Vec<String> = candidates
        .iter()
        .filter(|one| one.is_live())
        .map(|one| format!("{}{}", one.customer.id, one.place.aside()))
        .collect();
    if live.len() > 1 {
        let sentence = format!(
            "{org} has {} customers with a live subscription: {}. Name one of them, and cancel the others' \
             subscriptions \
             or write org_id into their metadata at Stripe.",
            live.len(),
            live.join(", ")
        );
        problems.push(Problem::new(Kind::SeveralLiveCustomers, sentence).of(org).at(wanted.place()));
        return None;
    }
    // The last of equals is taken: the one that the source names first.
    let best = (0..candidates.len())
        .rev()
        .max_by_key(|at| (candidates[*at].is_live(), candidates[*at].customer.created))?;
    let chosen = candidates.swap_remove(best);
    let why = if chosen.is_live() {
        "has the live subscription"
    } else {
        "is newer, and none has a live subscription"
    };
    for other in candidates {
        let (id, taken) = (&other.customer.id, &chosen.customer.id);
        let sentence = format!("{id} of {org} is not taken: {taken} {why}{}.", other.place.aside());
        problems.push(Problem::new(Kind::NotTaken, sentence).of(org).about(id).at(&other.place));
    }
    Some(chosen)
}

/// Subscriptions of Stripe's list that this version does not understand.
fn unreadable(org: OrgId, chosen: &Candidate) -> Option<Problem> {
    let count: u64 = chosen.listed.iter().map(|listed| listed.page.tally.unexplained).sum();
    let id = &chosen.customer.id;
    let sentence = format!(
        "{} of {id} cannot be read: look for a newer version of billing.",
        counted(count, "subscription")
    );
    (count > 0).then(|| Problem::new(Kind::Unexplained, sentence).of(org).about(id))
}
