//! Every five minutes: asks what people and Stripe ask, by the addresses that they use. So an outage is
//! noticed also while nobody comes. EventBridge calls it, with nothing in its event that matters.
//!
//! It has no login of the database and no key of Stripe's: only the signing secret, and the password of a
//! person who was made for it.

mod question;

use lambda_http::lambda_runtime::Context;
use serde::Serialize;
use shared::app::App;
use shared::error::Error;
use shared::live::Live;
use shared::serve::attempt;
use shared::telemetry::metrics;
use shared::telemetry::request::{Current, during};

use question::{Questions, Wrong};

/// What each question came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// None: it is well. Some: what is wrong, in a sentence.
    pub health: Option<String>,
    /// The same of a read of the canary's entitlements.
    pub entitlements: Option<String>,
    /// The same of a signed event that is ignored.
    pub webhook: Option<String>,
}

impl Report {
    /// Each question's name, with what is wrong.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("health", &self.health), ("entitlements", &self.entitlements), ("webhook", &self.webhook)]
            .into_iter()
            .filter_map(|(name, wrong)| Some((name, wrong.as_deref()?)))
    }
}

/// Asks as one run of the function: with its ids in the log, and its metrics.
///
/// # Errors
/// [`Error::NoConfiguration`]: then the alarm on missing probes tells.
pub async fn run(live: &Live, context: Context) -> Result<Report, Error> {
    let current = Current::of(&context);
    let request_id = current.request_id.clone();
    let work = async {
        let report = attempt(
            live,
            (),
            |app, ()| async move { probe(&app).await },
            // The signing secret may be another one by now, or the password.
            |report| report.failures().next().is_some(),
        )
        .await?;
        tell(&report, &request_id);
        Ok(report)
    };
    let result = during(current, work).await;
    metrics::flush();
    result
}

/// Asks everything, at once.
pub async fn probe(app: &App) -> Report {
    let questions = Questions::of(app);
    let (health, entitlements, webhook) =
        futures_util::join!(questions.health(), questions.entitlements(), questions.webhook());
    let wrong = |answer: Result<(), Wrong>| answer.err().map(|wrong| wrong.to_string());
    Report { health: wrong(health), entitlements: wrong(entitlements), webhook: wrong(webhook) }
}

fn tell(report: &Report, request_id: &str) {
    for (question, wrong) in report.failures() {
        tracing::error!(target: "billing", request_id, question, wrong, "the probe failed");
    }
    metrics::probed(report.failures().count() as u64);
}
