//! Where an answer is read. If there is a replica, it is asked first. The primary is asked if the replica has
//! not replayed what the caller has seen, is too old, or fails. So nobody is told something older than what
//! they know.

use std::time::Duration;

use shared::app::App;
use shared::db::entitlements::{self, Reading, Replayed};
use shared::db::{self, Db, Replica};
use shared::domain::ids::{OrgId, UserId};
use shared::http::error::ApiError;
use shared::http::etag::Named;
use shared::telemetry::metrics;

/// How old a replica's state may be: what is paid for has to show within five seconds.
const OLDEST: Duration = Duration::from_secs(4);

/// Reads what the organization has, for this user.
///
/// # Errors
/// [`ApiError::NotAMember`]; if no database answers that has what the caller has seen.
pub async fn read(app: &App, user: UserId, org: OrgId, named: &Named) -> Result<Reading, ApiError> {
    let Some((primary, replica)) = app.primary().zip(app.replica()) else {
        return alone(app.db()?, user, org, named).await;
    };
    let replayed = match named.afresh {
        true => None,
        false => ask(replica, user, org, named).await,
    };
    if let Some(Replayed { entitlements: Some(entitlements), position, lag }) = &replayed
        && is_young(*lag)
    {
        return Ok(Reading { entitlements: entitlements.clone(), position: *position });
    }
    // Also if it knows no such member: they may have come a moment ago.
    let answered = entitlements::read(primary, user, org).await;
    match (answered, replayed) {
        (Ok(reading), _) => reading.ok_or(ApiError::NotAMember),
        // The primary is lost. What the replica has may be old, but is not older than what the caller has
        // seen.
        (Err(error), Some(Replayed { entitlements: Some(entitlements), position, .. }))
            if error.is_unavailable() =>
        {
            tracing::warn!(target: "billing", %error, "the primary does not answer, and the replica does");
            Ok(Reading { entitlements, position })
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// What the replica has. None: it does not answer.
async fn ask(replica: &Replica, user: UserId, org: OrgId, named: &Named) -> Option<Replayed> {
    let least = named.position();
    let replayed = replica.read(user, org, least).await.unwrap_or_else(|error| {
        tracing::warn!(target: "billing", %error, "the replica does not answer");
        None
    });
    let lag = replayed.as_ref().and_then(|replayed| replayed.lag);
    metrics::replica_answered(lag);
    if !is_young(lag) || replayed.as_ref().is_none_or(|replayed| replayed.position < least) {
        metrics::replica_passed_over();
    }
    replayed
}

/// The only database there is. It may be a replica.
async fn alone(db: &Db, user: UserId, org: OrgId, named: &Named) -> Result<Reading, ApiError> {
    let reading = entitlements::read(db, user, org).await?;
    let reading = reading.ok_or(ApiError::NotAMember)?;
    if reading.position.is_some() {
        return Ok(reading);
    }
    let least = named.position();
    let read = entitlements::read_replayed(db, user, org, least).await;
    let Replayed { entitlements, position, lag } = read?;
    metrics::replica_answered(lag);
    let entitlements = entitlements.ok_or(db::Error::Behind)?;
    Ok(Reading { entitlements, position })
}

fn is_young(lag: Option<Duration>) -> bool {
    lag.is_some_and(|lag| lag <= OLDEST)
}
