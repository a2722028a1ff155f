//! The rolling comparison: all of Stripe's subscriptions against our rows, page after page, from the newest
//! to the oldest; and our rows that Stripe's list does not have.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stripe_billing::subscription::ListSubscription;

use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::read_subscriptions::{self, Page};
use crate::billing::reconcile::postponed::Postponed;
use crate::billing::streak::Streak;
use crate::db::reconcile_cursors;
use crate::db::subscriptions::{self, Purpose, Row};
use crate::error::Error;
use crate::stripe;

/// A new comparison begins this many seconds after the last one began: so each organization is compared once
/// a day, with time to spare.
const EVERY: i64 = 20 * 3600;

/// Where a comparison begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Where the last one stopped; a new one only if the last one began long enough ago.
    WhenDue,
    /// Where the last one stopped, or else at the top.
    Resumed(&'static str),
    /// At the top, without leaving a trace.
    Once,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct Position {
    /// When the sweep began, in Unix seconds on our clock.
    began_at: i64,
    /// The last subscription that was compared, and when it was made. None: it is done.
    after: Option<(String, i64)>,
}

/// Compares page after page, tells each to `on_page`, and answers whether the end was reached.
///
/// # Errors
/// If Stripe or the database fails; the next one goes on where this one stopped.
pub async fn sweep(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    when: Sweep,
    limits: &Limits,
    mut on_page: impl FnMut(&Page),
) -> Result<bool, Error> {
    let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
    let now = resources.clock.now().as_second();
    let name = match when {
        Sweep::WhenDue => Some("subscriptions"),
        Sweep::Resumed(name) => Some(name),
        Sweep::Once => None,
    };
    let stored: Option<Position> = match name {
        Some(name) => reconcile_cursors::read(db, name, livemode).await?,
        None => None,
    };
    let mut postponed = Postponed::read(resources).await?;
    let mut position = match stored {
        Some(position) if position.after.is_some() => position,
        Some(position) if when == Sweep::WhenDue && now - position.began_at < EVERY => return Ok(true),
        _ => Position { began_at: now, after: None },
    };
    loop {
        if limits.are_reached() {
            return Ok(false);
        }
        let mut list = ListSubscription::new();
        if let Some((after, _)) = &position.after {
            list = list.starting_after(after.as_str());
        }
        let mut streak = postponed.streak();
        let versions = HashMap::new();
        let read = read_subscriptions::page(resources, purpose, list, &versions, limits, &mut streak);
        let mut page = match read.await {
            Err(Error::Stripe(stripe::Error::Refused { param, .. }))
                if param == "starting_after" && position.after.is_some() =>
            {
                // The subscription that we stopped at is gone: from the top.
                position.after = None;
                continue;
            }
            page => page?,
        };
        // The list goes from the newest to the oldest: what comes again would be gone round for ever.
        if let Some((after, created)) = &position.after
            && (page.ids.contains(after) || page.oldest.is_some_and(|oldest| oldest.as_second() > *created))
        {
            return Err(stripe::Error::repeated_page().into());
        }
        let newest = position.after.as_ref().and_then(|(_, created)| Timestamp::from_second(*created).ok());
        let oldest = if page.has_more { page.oldest } else { None };
        let mut unlisted = Vec::new();
        if !page.is_outage {
            for row in subscriptions::unlisted(db, livemode, (oldest, newest), &page.ids).await? {
                unlisted.push(row.id.clone());
                if !alone(resources, purpose, &row.id, Some(&row), limits, &mut page, &mut streak).await? {
                    break;
                }
            }
        }
        on_page(&page);
        if !purpose.dry_run {
            postponed.take_over(resources, &page, &unlisted).await?;
        }
        if page.is_outage {
            page.whole()?;
            return Ok(false);
        }
        let last = page.ids.last().cloned().zip(page.oldest.map(Timestamp::as_second));
        position.after = if page.has_more { last } else { None };
        if let Some(name) = name {
            reconcile_cursors::store(db, name, livemode, &position).await?;
        }
        if position.after.is_none() {
            return Ok(true);
        }
    }
}

/// Compares a subscription by itself. False: it is an outage.
pub(super) async fn alone(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    id: &str,
    row: Option<&Row>,
    limits: &Limits,
    page: &mut Page,
    streak: &mut Streak,
) -> Result<bool, Error> {
    let version = row.map_or(0, |row| row.version);
    match read_subscriptions::one(resources, purpose, id, version, limits).await {
        Ok(one) => {
            page.tally.add(&one.tally);
            page.drift.extend(one.drift);
            streak.succeeded();
            Ok(true)
        }
        Err(error) => {
            let whose = row.map(|row| row.org.to_string());
            read_subscriptions::failed(page, id, whose, error, streak)
        }
    }
}

/// Where an interrupted [`Sweep::Resumed`] of that name goes on: after this subscription, which was made
/// then. None: at the top.
///
/// # Errors
/// If the database fails.
pub async fn stopped_at(resources: &Resources<'_>, name: &str) -> Result<Option<(String, Timestamp)>, Error> {
    let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
    let stored: Option<Position> = reconcile_cursors::read(db, name, livemode).await?;
    let after = stored.and_then(|position| position.after);
    Ok(after.and_then(|(id, created)| Some((id, Timestamp::from_second(created).ok()?))))
}
