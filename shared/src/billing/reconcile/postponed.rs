//! Subscriptions that could not be compared or written: noted, each with the time of its next try, so that
//! the comparison of all may pass them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sweep::alone;
use super::{Postponement, ReconcileReport};
use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::read_subscriptions::Page;
use crate::billing::streak::Streak;
use crate::db::reconcile_cursors;
use crate::db::subscriptions::{self, Purpose};
use crate::error::Error;

const NAME: &str = "postponed_subscriptions";
/// The most that are kept: what comes after, the next comparison of all finds again.
const MOST: usize = 1000;
/// Seconds to the first retry. Each failure doubles them, up to six hours.
const FIRST: i64 = 60;
const LONGEST: i64 = 6 * 3600;

/// What is noted, by Stripe's id of the subscription.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Postponed(BTreeMap<String, Note>);

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Note {
    attempts: u32,
    /// Unix seconds on our clock.
    next_try: i64,
    /// The code of the last failure.
    error_code: String,
}

impl Postponed {
    pub(super) async fn read(resources: &Resources<'_>) -> Result<Self, Error> {
        let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
        Ok(reconcile_cursors::read(db, NAME, livemode).await?.unwrap_or_default())
    }

    async fn store(&self, resources: &Resources<'_>) -> Result<(), Error> {
        let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
        Ok(reconcile_cursors::store(db, NAME, livemode, self).await?)
    }

    /// A streak that does not count what failed before.
    pub(super) fn streak(&self) -> Streak {
        Streak::forgiving(self.0.keys().cloned())
    }

    /// Takes down what failed of a page, and forgets what did not. `tried`: what else was tried.
    pub(super) async fn take_over(
        &mut self,
        resources: &Resources<'_>,
        page: &Page,
        tried: &[String],
    ) -> Result<(), Error> {
        let before = self.0.len();
        for id in page.ids.iter().chain(tried) {
            if !page.is_outage && !page.failed.iter().any(|failed| failed.subscription == *id) {
                self.0.remove(id);
            }
        }
        let now = resources.clock.now().as_second();
        for failed in &page.failed {
            if self.0.len() >= MOST && !self.0.contains_key(&failed.subscription) {
                continue;
            }
            let note = self.0.entry(failed.subscription.clone()).or_insert_with(Note::new);
            note.next_try = now + (FIRST << note.attempts.min(16)).min(LONGEST);
            note.attempts += 1;
            failed.error.code().clone_into(&mut note.error_code);
        }
        if before == self.0.len() && page.failed.is_empty() {
            return Ok(());
        }
        self.store(resources).await
    }
}

impl Note {
    fn new() -> Self {
        Self { attempts: 0, next_try: 0, error_code: String::new() }
    }
}

/// Tries again what is due.
pub(super) async fn retry(
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    limits: &Limits,
    report: &mut ReconcileReport,
) -> Result<(), Error> {
    let mut postponed = Postponed::read(resources).await?;
    let now = resources.clock.now().as_second();
    let due: Vec<String> =
        postponed.0.iter().filter(|(_, note)| note.next_try <= now).map(|(id, _)| id.clone()).collect();
    if due.is_empty() {
        return Ok(());
    }
    let rows = subscriptions::rows(resources.db()?, &due).await?;
    let mut streak = postponed.streak();
    for id in due {
        if limits.are_reached() {
            report.unfinished = true;
            return Ok(());
        }
        // Without a row, any that came meanwhile is the newer one.
        let row = rows.iter().find(|row| row.id == id);
        let mut page = Page::default();
        alone(resources, purpose, &id, row, limits, &mut page, &mut streak).await?;
        postponed.take_over(resources, &page, &[id]).await?;
        report.take(&page);
    }
    Ok(())
}

/// How many of them are noted, and were not tried in this run.
pub(super) async fn count_waiting(resources: &Resources<'_>, report: &ReconcileReport) -> Result<u64, Error> {
    let tried = |id: &String| report.postponed.iter().any(|failed| failed.id == *id);
    Ok(Postponed::read(resources).await?.0.keys().filter(|id| !tried(id)).count() as u64)
}

/// What is told of a page's failures.
pub(super) fn told(page: &Page) -> impl Iterator<Item = Postponement> + '_ {
    page.failed
        .iter()
        .map(|failed| Postponement::new(&failed.subscription, &failed.organization, &failed.error))
}
