//! Events that failed: whose they are, and when they are tried again. For the operator's login, which reads
//! all rows.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Db, Error};
use crate::domain::ids::OrgId;

/// What is noted of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It failed, and is tried again.
    Failed {
        /// Whose it is. None: nobody knows.
        org: Option<OrgId>,
    },
    /// Its effects are committed.
    Processed,
}

/// What is noted of the event, and whose it is: its row says so, or else the row of the object that it is
/// about, or of the customer. None: nothing is noted.
///
/// # Errors
/// If the database fails.
pub async fn state(
    db: &Db,
    id: &str,
    object: Option<&str>,
    customer: Option<&str>,
) -> Result<Option<State>, Error> {
    let sql = "select w.status, coalesce(w.org_id,
          (select s.org_id from billing.subscriptions s where s.stripe_subscription_id = $2),
          (select min(c.org_id::text)::uuid from billing.customers c where c.stripe_customer_id = $3))
        from billing.webhook_events w where w.event_id = $1 order by w.status desc limit 1";
    let rows = db.query(sql, &[(&id, Type::TEXT), (&object, Type::TEXT), (&customer, Type::TEXT)]).await?;
    Ok(rows.first().map(|row| match row.get(0) {
        "processed" => State::Processed,
        _ => State::Failed { org: row.get::<_, Option<Uuid>>(1).map(OrgId::from) },
    }))
}

/// Notes that an event which failed before could not be read from Stripe, and when the next try is due.
///
/// # Errors
/// If the database fails.
pub async fn postpone(db: &Db, id: &str, error_code: &str) -> Result<(), Error> {
    let sql = "select billing.pf_fail_event(jsonb_build_object('id', w.event_id, 'type', w.type,
          'livemode', w.livemode, 'api_version', w.api_version,
          'created', extract(epoch from w.stripe_created_at)::bigint), $2, w.org_id)
        from billing.webhook_events w where w.event_id = $1 order by w.status desc limit 1";
    db.query(sql, &[(&id, Type::TEXT), (&error_code, Type::TEXT)]).await.map(drop)
}

/// An event that is not processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Stripe's id of the event.
    pub id: String,
    /// It failed before: it is tried again when its time has come.
    pub is_noted: bool,
}

/// Those of the events that were not processed yet.
///
/// # Errors
/// If the database fails.
pub async fn open(db: &Db, ids: &[String]) -> Result<Vec<Open>, Error> {
    let sql = "select id, max(w.event_id) is not null from unnest($1) as id
        left join billing.webhook_events w on w.event_id = id
        group by id having max(w.status) is distinct from 'processed'";
    let rows = db.query(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    Ok(rows.iter().map(|row| Open { id: row.get(0), is_noted: row.get(1) }).collect())
}
