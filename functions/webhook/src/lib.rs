//! POST /api/webhooks/stripe: Stripe's events, each applied once and in order.

use std::time::Instant;

use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::billing::apply_event::apply_event;
use shared::billing::keep_event;
use shared::db::webhook_events::EventOutcome;
use shared::http::error::ApiError;
use shared::http::{request, response, schema};
use shared::stripe::event::Event;
use shared::stripe::signature::{self, Invalid};
use shared::telemetry::request::{Part, Timer};

/// The largest event that is taken, in bytes: Stripe's are far smaller, and none must be lost to a limit.
const MAX_EVENT: usize = 1024 * 1024;

/// Verifies, reads and applies one event.
///
/// # Errors
/// [`ApiError::InvalidSignature`]; [`ApiError::Failed`] for a signed body that is no event, or belongs to no
/// organization; [`ApiError::ProcessingFailed`] for what Stripe shall send again.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let arrived = Instant::now();
    let body = request::body(&request, MAX_EVENT)?;
    let verifying = Timer::start(Part::Verify);
    let verified =
        signature::verify(signature_header(&request), body, &app.config.webhook_secrets, app.clock.machine());
    drop(verifying);
    if verified == Err(Invalid::NoSecret) {
        keep_event::unverified(&app.resources(), body).await;
    }
    verified?;
    let event = match Event::parse(body) {
        Ok(event) => event,
        Err(problem) => {
            return Err(keep_event::unreadable(&app.resources(), body, problem, arrived).await.into());
        }
    };
    let outcome = apply_event(&app.hurried_resources(), &event, arrived).await.map_err(ApiError::of_event)?;
    Ok(response::ok(&Received { received: true, outcome: word(outcome) }))
}

/// What came of an event that was taken.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReceivedResponse")]
pub struct Received {
    #[schemars(schema_with = "schema::always_true")]
    received: bool,
    outcome: Word,
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Outcome")]
pub enum Word {
    /// It changed something, or could have.
    Applied,
    /// A newer state stands already.
    Stale,
    /// It was processed before.
    Duplicate,
    /// It is nothing of ours.
    Ignored,
}

/// The header, if it stands once: of two, which one is Stripe's cannot be known.
fn signature_header(request: &Request) -> Option<&str> {
    let mut values = request.headers().get_all("stripe-signature").iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn word(outcome: EventOutcome) -> Word {
    match outcome {
        EventOutcome::Applied => Word::Applied,
        EventOutcome::Stale => Word::Stale,
        EventOutcome::Duplicate => Word::Duplicate,
        EventOutcome::Ignored => Word::Ignored,
    }
}
