//! The second half of [`page`](super::page): what was listed, compared and written; and what fails of it,
//! told one by one, so that it keeps no other from being written.

use super::{Failed, Listed, Page, note, settle};
use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::streak::Streak;
use crate::db;
use crate::db::subscriptions::{self, Comparison, Purpose, SubscriptionRead};
use crate::error::Error;

/// Compares what was listed, and writes what differs. What fails is among the page's failures. If `streak`
/// says that it is an outage, the rest of the page is left.
///
/// # Errors
/// If the failure concerns everybody.
pub async fn write(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    Listed { mut page, seen }: Listed,
    limits: &Limits,
    streak: &mut Streak,
) -> Result<Page, Error> {
    match subscriptions::apply_reads(resources.db()?, purpose, &seen).await {
        Ok(all) => {
            for compared in all {
                if !finish(resources, purpose, compared, &seen, limits, &mut page, streak).await? {
                    break;
                }
            }
        }
        // One of them cannot be written, and with it the whole page was not.
        Err(error) if seen.len() > 1 && !is_everybodys(&error) => {
            tracing::warn!(
                target: "billing", cause = purpose.cause, %error,
                "a page could not be written, and is written row by row"
            );
            for one in &seen {
                if !alone(resources, purpose, one, limits, &mut page, streak).await? {
                    break;
                }
            }
        }
        Err(error) => match seen.first() {
            Some(one) if !is_everybodys(&error) => {
                failed(&mut page, &one.snapshot.id, owner(one), error.into(), streak)?;
            }
            _ => return Err(error.into()),
        },
    }
    Ok(page)
}

fn is_everybodys(error: &db::Error) -> bool {
    matches!(error, db::Error::Connect(_)) || error.is_login_refused()
}

/// Compares and writes one of the page. False: it is an outage.
async fn alone(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    one: &SubscriptionRead,
    limits: &Limits,
    page: &mut Page,
    streak: &mut Streak,
) -> Result<bool, Error> {
    let seen = std::slice::from_ref(one);
    match subscriptions::apply_reads(resources.db()?, purpose, seen).await {
        Ok(all) => {
            for compared in all {
                if !finish(resources, purpose, compared, seen, limits, page, streak).await? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Err(error) => failed(page, &one.snapshot.id, owner(one), error.into(), streak),
    }
}

async fn finish(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    compared: Comparison,
    seen: &[SubscriptionRead],
    limits: &Limits,
    page: &mut Page,
    streak: &mut Streak,
) -> Result<bool, Error> {
    let id = compared.subscription.clone();
    let of_row = compared.org_id.map(|org| org.to_string());
    let by_name = || seen.iter().find(|one| one.snapshot.id.as_str() == id).and_then(owner);
    match settle(resources, purpose, compared, limits).await {
        Ok(settled) => {
            note(page, settled);
            streak.succeeded();
            Ok(true)
        }
        Err(error) => failed(page, &id, of_row.or_else(by_name), error, streak),
    }
}

/// Whose it is, as far as Stripe says.
fn owner(one: &SubscriptionRead) -> Option<String> {
    let org = one.snapshot.orgs.first().map(ToString::to_string);
    org.or_else(|| one.snapshot.customer.as_ref().map(ToString::to_string))
}

/// Takes down what failed. False: it is an outage.
///
/// # Errors
/// The failure, if it concerns everybody.
pub(crate) fn failed(
    page: &mut Page,
    subscription: &str,
    organization: Option<String>,
    error: Error,
    streak: &mut Streak,
) -> Result<bool, Error> {
    if error.is_everybodys() {
        return Err(error);
    }
    let organization = organization.unwrap_or_else(|| subscription.to_owned());
    page.is_outage = streak.failed(subscription, &organization);
    page.tally.checked += 1;
    page.tally.failed += 1;
    page.failed.push(Failed { subscription: subscription.to_owned(), organization, error });
    Ok(!page.is_outage)
}
