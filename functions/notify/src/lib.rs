//! Every minute: tells the application whose entitlements changed, at its URL, on an event bus, or both.
//! EventBridge calls it, with nothing in its event that matters.
//!
//! The outbox is in the database. What is taken of it is this run's for a while; if nothing is heard of it,
//! the next run takes it again. So each change is told at least once, and two runs at once do not tell it
//! twice.

mod bus;
mod message;
mod url;

use std::time::{Duration, Instant, SystemTime};

use futures_util::stream::{self, StreamExt};
use lambda_http::lambda_runtime::Context;
use serde::Serialize;
use shared::app::App;
use shared::db::notifications::{self, Due, Outcome};
use shared::error::Error;
use shared::live::Live;
use shared::serve::attempt;
use shared::telemetry::metrics::{self, Notified};
use shared::telemetry::request::{Current, LONGEST, during};

use bus::Bus;
pub use message::Message;
use url::Poster;

/// Organizations that are told at one go.
const AT_ONCE: i32 = 100;
/// How long they are this run's: longer than the function may run.
const LEASE: Duration = Duration::from_secs(120);
/// Calls of the application's URL at one moment.
const CALLS: usize = 16;
/// How long before Lambda's limit nothing new is begun: a go of which every call hangs has to end.
const RESERVE: Duration = Duration::from_secs(20);
/// How long a run goes on where no limit is known.
const USUAL: Duration = Duration::from_secs(30);

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Organizations whose entitlements time alone changed since the last run.
    pub ended: i64,
    /// Messages that every destination has.
    pub delivered: u64,
    /// Messages that a destination did not take: they are sent again.
    pub failed: u64,
    /// Of them those that a destination refused because of their signature or login.
    pub refused: u64,
    /// Changes that are given up.
    pub given_up: i64,
    /// Changes that still wait.
    pub waiting: i64,
}

/// Tells as one run of the function: with its ids in the log, and its metrics.
///
/// # Errors
/// If the database fails.
pub async fn run(live: &Live, context: Context) -> Result<Report, Error> {
    let current = Current::of(&context);
    let request_id = current.request_id.clone();
    let work = async {
        let told = attempt(
            live,
            context.deadline(),
            |app, deadline| async move { notify(&app, deadline).await },
            // The login may be another one by now, or the secret that signs.
            |told| told.as_ref().map_or_else(Error::may_be_outdated, |report| report.refused > 0),
        )
        .await?;
        told.inspect_err(|error| error.log(&request_id))
    };
    let result = during(current, work).await;
    metrics::flush();
    result
}

/// Tells what waits until `deadline`, less a reserve. Without a destination it does nothing.
///
/// # Errors
/// If the database fails; what was told and not noted is told again.
pub async fn notify(app: &App, deadline: SystemTime) -> Result<Report, Error> {
    let destinations = Destinations::of(app);
    let mut report = Report::default();
    if destinations.are_none() {
        return Ok(report);
    }
    let end = end(app, deadline);
    let db = app.db()?;
    report.ended = notifications::note_ends(db).await?;
    loop {
        let due = notifications::claim(db, AT_ONCE, LEASE).await?;
        // Fewer than asked for say nothing: several rows may be one message.
        if due.is_empty() {
            break;
        }
        let outcomes = destinations.tell(app, &due).await;
        report.take(&outcomes);
        report.given_up += notifications::settle(db, &outcomes).await?.given_up;
        if Instant::now() >= end || destinations.are_down() {
            break;
        }
    }
    let waiting = notifications::waiting(db).await?;
    report.waiting = waiting.rows;
    metrics::notified(Notified {
        delivered: report.delivered,
        failed: report.failed,
        given_up: report.given_up.unsigned_abs(),
        oldest_seconds: waiting.oldest_seconds,
    });
    Ok(report)
}

/// When nothing new is begun.
fn end(app: &App, deadline: SystemTime) -> Instant {
    match deadline.duration_since(SystemTime::from(app.clock.now())) {
        Ok(left) if left <= LONGEST => Instant::now() + left.saturating_sub(RESERVE),
        _ => Instant::now() + USUAL,
    }
}

impl Report {
    fn take(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            match &outcome.error {
                None => self.delivered += 1,
                Some(error) => {
                    self.failed += 1;
                    self.refused += u64::from(matches!(error.as_str(), "401" | "403"));
                    tracing::warn!(
                        target: "billing", org_id = %outcome.org, version = outcome.version, error,
                        "a notification was not taken"
                    );
                }
            }
        }
    }
}

/// Who is told.
struct Destinations<'a> {
    url: Option<Poster<'a>>,
    bus: Option<Bus<'a>>,
}

impl<'a> Destinations<'a> {
    fn of(app: &'a App) -> Self {
        let config = &app.config.notify;
        Self {
            url: config.url.as_ref().map(|url| Poster::new(url, &config.secrets)),
            bus: config.event_bus.as_ref().map(Bus::new),
        }
    }

    fn are_none(&self) -> bool {
        self.url.is_none() && self.bus.is_none()
    }

    /// None of them takes anything at the moment: what is left waits for the next run.
    fn are_down(&self) -> bool {
        self.url.as_ref().is_none_or(Poster::is_resting) && self.bus.as_ref().is_none_or(Bus::is_resting)
    }

    /// Tells these organizations' changes, each destination what it lacks. The bus goes first: it is fast,
    /// and does not wait for a URL that hangs.
    async fn tell(&self, app: &App, due: &[Due]) -> Vec<Outcome> {
        let messages: Vec<Message> = due.iter().map(|due| Message::of(due, app.clock.now())).collect();
        let mut outcomes: Vec<Outcome> = due.iter().map(Outcome::of).collect();
        if let Some(bus) = &self.bus {
            let wanted: Vec<usize> = (0..due.len()).filter(|n| due[*n].put).collect();
            let put = bus.put(&wanted.iter().map(|n| &messages[*n]).collect::<Vec<_>>(), app).await;
            for (n, error) in wanted.into_iter().zip(put) {
                outcomes[n].put = error.is_none();
                outcomes[n].error = error;
            }
        }
        if let Some(url) = &self.url {
            let wanted = (0..due.len()).filter(|n| due[*n].post);
            let posts = wanted.map(|n| {
                let message = &messages[n];
                async move { (n, url.post(message, app).await) }
            });
            let posted: Vec<_> = stream::iter(posts).buffer_unordered(CALLS).collect().await;
            for (n, result) in posted {
                match result {
                    Ok(()) => outcomes[n].posted = true,
                    Err(refusal) => {
                        // For the bus it is tried on.
                        outcomes[n].gone = refusal.gone && outcomes[n].error.is_none();
                        outcomes[n].error = Some(refusal.error);
                        outcomes[n].retry_after = refusal.retry_after;
                    }
                }
            }
        }
        for outcome in &mut outcomes {
            outcome.done = outcome.error.is_none();
        }
        outcomes
    }
}
