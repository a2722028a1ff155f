//! Subscriptions as Stripe says they are now, compared with our rows and written where they differ, by the
//! read rule: a row is written only if it did not change since before Stripe was asked.

mod list;
mod write;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use stripe_billing::subscription::ListSubscription;

use crate::billing::Resources;
use crate::billing::apply_event::{READS, is_unknown, retrieve};
use crate::billing::limits::Limits;
use crate::billing::streak::Streak;
use crate::billing::whole_subscription::whole;
use crate::db::subscriptions::{self, Comparison, ComparisonOutcome, Inquiry, Purpose, SubscriptionRead};
use crate::domain::ids::OrgId;
use crate::domain::ordering::ReadTimes;
use crate::error::Error;
use crate::stripe;
use crate::stripe::wire::subscription::Subscription;

pub use list::{Listed, list};
pub(crate) use write::failed;
pub use write::write;

/// What a comparison of many subscriptions came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Subscriptions that were compared.
    pub checked: u64,
    /// Of them those whose row, or whose organization's plan, differed.
    pub drifted: u64,
    /// Of them those that are right now.
    pub repaired: u64,
    /// Of them those that had no row yet: not drift where a database is filled for the first time.
    pub missing: u64,
    /// Subscriptions of no organization: another product's, or their organization was deleted.
    pub without_organization: u64,
    /// Rows that Stripe knows nothing of, and objects that could not be read: somebody has to look.
    pub unexplained: u64,
    /// Subscriptions that could not be compared, or not be written: each is tried again.
    pub failed: u64,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.checked += other.checked;
        self.drifted += other.drifted;
        self.repaired += other.repaired;
        self.missing += other.missing;
        self.without_organization += other.without_organization;
        self.unexplained += other.unexplained;
        self.failed += other.failed;
    }
}

/// One subscription that differs, or differed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Which: Stripe's id.
    pub subscription: String,
    /// Whose.
    pub org_id: Option<OrgId>,
    /// The columns that differ. `unknown_at_stripe`: Stripe has no such subscription.
    pub differences: Vec<String>,
    /// There was no row.
    pub missing: bool,
    /// It is right now.
    pub repaired: bool,
}

/// A subscription that could not be compared, or not be written.
#[derive(Debug)]
pub struct Failed {
    /// Which: Stripe's id.
    pub subscription: String,
    /// Whose: the organization's id, or else the best name that is known for it.
    pub organization: String,
    /// Why.
    pub error: Error,
}

/// What came of a page.
#[derive(Debug, Default)]
pub struct Page {
    /// The count.
    pub tally: Tally,
    /// What differed.
    pub drift: Vec<Drift>,
    /// The subscriptions on it, in Stripe's order.
    pub ids: Vec<String>,
    /// When the last of them was made.
    pub oldest: Option<Timestamp>,
    /// There are more.
    pub has_more: bool,
    /// What failed. The others are written.
    pub failed: Vec<Failed>,
    /// Several organizations failed in a row, and the rest of the page was left.
    pub is_outage: bool,
}

impl Page {
    /// The page, if all of it is compared and written.
    ///
    /// # Errors
    /// The first failure.
    pub fn whole(mut self) -> Result<Self, Error> {
        match self.failed.is_empty() {
            true => Ok(self),
            false => Err(self.failed.swap_remove(0).error),
        }
    }
}

/// Reads one page of a list, compares it and writes what differs. A row that is there and differs is read
/// once more by itself, with its version noted first (`versions` may hold it already).
///
/// # Errors
/// If the list cannot be read, or the failure concerns everybody. What fails of one subscription is among the
/// page's failures.
pub async fn page(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    list: ListSubscription,
    versions: &HashMap<String, i64>,
    limits: &Limits,
    streak: &mut Streak,
) -> Result<Page, Error> {
    let listed = self::list(resources, purpose.cause, list, versions, limits).await?;
    write(resources, purpose, listed, limits, streak).await
}

/// Reads one subscription by itself and compares it. `version`: of its row, noted before.
///
/// # Errors
/// If Stripe or the database fails.
pub async fn one(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    id: &str,
    version: i64,
    limits: &Limits,
) -> Result<Page, Error> {
    let mut page = Page::default();
    match read_again(resources, purpose, id, version, limits).await? {
        Some(compared) => {
            let settled = settle(resources, purpose, compared, limits).await?;
            note(&mut page, settled);
        }
        None => {
            // Not taken for an end: with the key of another account every paying customer would be locked
            // out.
            tracing::error!(
                target: "billing", cause = purpose.cause, subscription = id,
                "Stripe does not know this subscription: is the key of another account?"
            );
            page.tally = Tally { checked: 1, drifted: 1, unexplained: 1, ..Tally::default() };
            page.drift.push(Drift {
                subscription: id.to_owned(),
                org_id: None,
                differences: vec!["unknown_at_stripe".to_owned()],
                missing: false,
                repaired: false,
            });
        }
    }
    Ok(page)
}

/// Reads all subscriptions of an organization's customers.
///
/// # Errors
/// If Stripe or the database fails; the others of a page are written.
pub async fn of_organization(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    inquiry: &Inquiry,
    limits: &Limits,
) -> Result<Page, Error> {
    let (mut all, mut streak) = (Page::default(), Streak::default());
    for customer in &inquiry.customers {
        let mut after: Option<String> = None;
        loop {
            let mut list = ListSubscription::new().customer(customer.as_str());
            if let Some(after) = after {
                list = list.starting_after(after);
            }
            let page = match page(resources, purpose, list, &inquiry.versions, limits, &mut streak).await {
                // The customer was deleted at Stripe, and its subscriptions with it: their events tell.
                Err(Error::Stripe(error)) if error.is_missing("customer") => break,
                page => page?.whole()?,
            };
            all.tally.add(&page.tally);
            all.drift.extend(page.drift);
            after = page.ids.last().cloned();
            if page.ids.iter().any(|id| all.ids.contains(id)) {
                return Err(stripe::Error::repeated_page().into());
            }
            all.ids.extend(page.ids);
            if !page.has_more || after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

/// Asks again, with the version noted, until the row did not change meanwhile.
async fn settle(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    mut compared: Comparison,
    limits: &Limits,
) -> Result<Comparison, Error> {
    for _ in 0..READS {
        let open = match compared.outcome {
            ComparisonOutcome::Conflict => true,
            ComparisonOutcome::Differs => !purpose.dry_run,
            _ => false,
        };
        if !open {
            return Ok(compared);
        }
        match read_again(resources, purpose, &compared.subscription, compared.version, limits).await? {
            Some(again) => compared = again,
            None => return Ok(compared),
        }
    }
    Ok(compared)
}

async fn read_again(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    id: &str,
    version: i64,
    limits: &Limits,
) -> Result<Option<Comparison>, Error> {
    limits.pace().await;
    let answer = resources.stripe()?.read_one::<Subscription>(&retrieve(id), id).await;
    let (snapshot, answered) = match answer {
        Ok((subscription, answered)) => whole(resources.stripe()?, subscription, answered).await?,
        Err(error) if is_unknown(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let seen = SubscriptionRead { snapshot, times: ReadTimes::of(version, answered), version_noted: true };
    Ok(subscriptions::apply_reads(resources.db()?, purpose, &[seen]).await?.pop())
}

fn note(page: &mut Page, compared: Comparison) {
    page.tally.checked += 1;
    match compared.outcome {
        ComparisonOutcome::Same => return,
        ComparisonOutcome::MissingOrg => {
            page.tally.without_organization += 1;
            return;
        }
        ComparisonOutcome::Applied => page.tally.repaired += 1,
        ComparisonOutcome::Differs | ComparisonOutcome::Conflict => {}
    }
    page.tally.drifted += 1;
    if compared.version == 0 {
        page.tally.missing += 1;
    }
    page.drift.push(Drift {
        subscription: compared.subscription,
        org_id: compared.org_id,
        differences: compared.differences,
        missing: compared.version == 0,
        repaired: compared.outcome == ComparisonOutcome::Applied,
    });
}
