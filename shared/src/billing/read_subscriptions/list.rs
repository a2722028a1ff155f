//! The first half of [`page`](super::page): Stripe's list, read and not compared yet.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use stripe_billing::subscription::{ListSubscription, ListSubscriptionStatus};

use super::Page;
use crate::billing::Resources;
use crate::billing::apply_event::WHOLE;
use crate::billing::limits::Limits;
use crate::billing::whole_subscription::whole;
use crate::db::subscriptions::SubscriptionRead;
use crate::domain::ordering::ReadTimes;
use crate::error::Error;
use crate::stripe;
use crate::stripe::wire::Listing;
use crate::stripe::wire::subscription::Subscription;

/// Stripe's largest page.
const PAGE: i64 = 100;

/// What must be readable of an object that is otherwise not.
#[derive(Deserialize)]
struct Named {
    id: String,
    created: Option<i64>,
}

/// One page of Stripe's list, read and not compared yet.
#[derive(Debug, Default)]
pub struct Listed {
    /// What is known without a comparison.
    pub page: Page,
    /// Each subscription on it that can be read.
    pub seen: Vec<SubscriptionRead>,
}

/// Whether only this object is in trouble, and not Stripe.
fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Stripe(stripe::Error::Unreadable(_) | stripe::Error::Disbelieved(_)))
}

/// Reads one page.
///
/// # Errors
/// If Stripe fails.
pub async fn list(
    resources: &Resources<'_>,
    cause: &str,
    list: ListSubscription,
    versions: &HashMap<String, i64>,
    limits: &Limits,
) -> Result<Listed, Error> {
    limits.pace().await;
    let expanded = WHOLE.map(|name| format!("data.{name}"));
    let list = list.status(ListSubscriptionStatus::All).limit(PAGE).expand(expanded);
    let (list, answered): (Listing<Box<RawValue>>, _) = resources.stripe()?.read(&list).await?;
    let mut page = Page { has_more: list.has_more, ..Page::default() };
    let mut seen = Vec::new();
    for object in &list.data {
        let read = async {
            let subscription: Subscription =
                serde_json::from_str(object.get()).map_err(stripe::Error::from)?;
            if subscription.is_cut() {
                limits.pace().await;
            }
            whole(resources.stripe()?, subscription, answered).await
        };
        let (snapshot, answered) = match read.await {
            Ok(read) => read,
            Err(error) if !is_unreadable(&error) => return Err(error),
            Err(error) => {
                // One object that cannot be read shall not hide the other ninety-nine.
                tracing::error!(
                    target: "billing", cause, %error,
                    "a subscription of Stripe's list cannot be read"
                );
                page.tally.checked += 1;
                page.tally.unexplained += 1;
                // The next page begins after it, and our row of it is listed.
                if let Ok(named) = serde_json::from_str::<Named>(object.get()) {
                    page.ids.push(named.id);
                    page.oldest = named.created.and_then(|s| Timestamp::from_second(s).ok()).or(page.oldest);
                }
                continue;
            }
        };
        page.ids.push(snapshot.id.to_string());
        page.oldest = Some(snapshot.created);
        // What its schedule plans, only a read of it alone shows: if that is not known yet, it differs.
        let noted = versions.get(snapshot.id.as_str()).filter(|_| !snapshot.has_open_schedule());
        let version = noted.copied();
        let times = ReadTimes::of(version.unwrap_or_default(), answered);
        seen.push(SubscriptionRead { snapshot, times, version_noted: version.is_some() });
    }
    Ok(Listed { page, seen })
}
