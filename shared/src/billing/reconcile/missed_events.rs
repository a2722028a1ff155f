//! Stripe's events of the types we process that never came, or came and were not processed.
//!
//! Stripe lists events newest first and keeps them for 30 days (Stripe API reference, "Events"). The list is
//! gone through in spans of time, oldest first, and the cursor moves on after each: so an interruption loses
//! one span's work at most, and none is left out.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{ReconcileReport, is_outage, outage};
use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::replay_event::replay_body;
use crate::billing::streak::Streak;
use crate::db::{failed_events, reconcile_cursors};
use crate::error::Error;
use crate::stripe;
use crate::stripe::event_list::{self, EventFilter, ListedEvent};

const CURSOR: &str = "events";
/// How far back the first one goes, in seconds: all that Stripe keeps.
const KEPT: i64 = 30 * 24 * 3600;
/// How far each one looks back behind the cursor, in seconds: an event may enter Stripe's list a little after
/// the time it names.
const OVERLAP: i64 = 300;
/// The first span, in seconds; a span with little in it doubles the next one, a crowded one halves it.
const SPAN: i64 = 3600;
/// More pages than this make a span crowded.
const CROWDED: u32 = 10;

#[derive(Deserialize, Serialize)]
struct Position {
    /// Unix seconds: everything before is processed or noted as failed.
    through: i64,
}

pub(super) async fn recover(
    resources: &Resources<'_>,
    limits: &Limits,
    report: &mut ReconcileReport,
) -> Result<(), Error> {
    let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
    // With a clock that is ahead, the cursor would pass events that are still to come.
    let now = resources.stripe()?.server_time().await?;
    report.clock_skew_seconds = Some(resources.clock.now().as_second() - now.as_second());
    let stored: Option<Position> = reconcile_cursors::read(db, CURSOR, livemode).await?;
    let mut from = stored.map_or(now.as_second() - KEPT, |position| position.through - OVERLAP);
    let mut span = SPAN;
    while from <= now.as_second() {
        let to = (from + span).min(now.as_second() + 1);
        let pages = go_through(resources, (from, to), limits, report).await?;
        let Some(pages) = pages else {
            report.unfinished = true;
            return Ok(());
        };
        from = to;
        reconcile_cursors::store(db, CURSOR, livemode, &Position { through: to - 1 }).await?;
        report.events_through = jiff::Timestamp::from_second(to - 1).ok();
        span = if pages > CROWDED { (span / 2).max(60) } else { span * 2 };
    }
    Ok(())
}

/// Goes through the events made in `[from, to)` and tells how many pages it were. None: time was up.
async fn go_through(
    resources: &Resources<'_>,
    (from, to): (i64, i64),
    limits: &Limits,
    report: &mut ReconcileReport,
) -> Result<Option<u32>, Error> {
    let client = resources.stripe()?;
    let which = EventFilter { from: Some(from), before: Some(to), ..EventFilter::default() };
    let (mut seen, mut after) = (HashSet::new(), None::<String>);
    for pages in 1.. {
        if limits.are_reached() {
            return Ok(None);
        }
        limits.pace().await;
        let events = event_list::page(client, which, after.as_deref()).await?;
        if !events.data.iter().all(|event| seen.insert(event.id.clone())) {
            return Err(stripe::Error::repeated_page().into());
        }
        report.missed_events.seen += events.data.len() as u64;
        if !apply(resources, &events.data, limits, report).await? {
            return Ok(None);
        }
        after = events.data.last().map(|event| event.id.clone());
        if !events.has_more || after.is_none() {
            return Ok(Some(pages));
        }
    }
    Ok(None)
}

/// Puts through what is not processed of a page. False: time was up.
///
/// What fails is noted, so the cursor may pass it: unless so much fails that it is an outage, which leaves
/// the rest untried. What failed before and fails again is no news of an outage: it is tried last, and what
/// is left of it comes when its own time has come.
async fn apply(
    resources: &Resources<'_>,
    events: &[ListedEvent],
    limits: &Limits,
    report: &mut ReconcileReport,
) -> Result<bool, Error> {
    let ids: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
    let open = failed_events::open(resources.db()?, &ids).await?;
    for is_noted in [false, true] {
        let mut streak = Streak::default();
        let of_these = |id: &str| open.iter().any(|one| one.is_noted == is_noted && one.id == id);
        for event in events.iter().filter(|event| of_these(&event.id)) {
            if limits.are_reached() {
                return Ok(false);
            }
            let replayed = replay_body(resources, event.body.get()).await?;
            report.postponed.extend(report.missed_events.count(&event.id, &replayed));
            if is_outage(&mut streak, &event.id, &replayed) {
                if is_noted {
                    break;
                }
                outage(replayed)?;
            }
        }
    }
    Ok(true)
}
