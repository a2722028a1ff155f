//! Events that could not be worked on at all, kept with the reason in `webhook_events`.

use serde::Serialize;
use tokio_postgres::types::Type;

use crate::db::{Db, Error, argument};

/// What is kept of an event that could not be worked on at all.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Stripe's id of the event, or one that we made.
    pub id: String,
    /// Stripe's type, or `unreadable`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unix seconds on Stripe's clock. None: it does not say.
    pub created: Option<i64>,
    /// Live mode, not test mode.
    pub livemode: bool,
}

/// Keeps an event with the reason why it could not be worked on. `signed`: it is Stripe's for sure.
///
/// # Errors
/// If the database fails.
pub async fn keep(db: &Db, event: &Kept, reason: &str, signed: bool) -> Result<(), Error> {
    let event = argument::json(event)?;
    let sql = "select billing.pf_keep_event($1, $2, $3)";
    db.query(sql, &[(&event, Type::JSONB), (&reason, Type::TEXT), (&signed, Type::BOOL)]).await.map(drop)
}
