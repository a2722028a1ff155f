//! What organizations had at moments while events ran, noted beside what the history says of these moments
//! later.

use super::world::Organization;
use crate::TestApp;

/// Moments of each organization at most: each costs milliseconds at the end.
const MOST: usize = 12;

const TABLE: &str = "create table moments (org uuid, at timestamptz, answer jsonb)";

/// Begins to note.
pub async fn start(t: &TestApp) {
    t.db.batch_execute(TABLE).await.expect("a table for the moments");
}

/// Notes what an organization has now. Under its lock, because a change that is not committed yet has its
/// time already.
///
/// # Errors
/// If the database fails.
pub async fn note(t: &TestApp, organization: &Organization) -> Result<(), String> {
    let id = &organization.id;
    let noted = format!(
        "begin;
         select billing_private.lock_organizations(array['{id}'::uuid]);
         insert into moments
           select '{id}', clock_timestamp(), to_jsonb(has)
           from billing_private.standing_of('{id}', billing_private.livemode()) has
           where (select count(*) from moments where org = '{id}') < {MOST};
         commit"
    );
    t.db.batch_execute(&noted).await.map_err(|error| error.to_string())
}

/// What the history says of each moment is what was noted then.
///
/// # Errors
/// Of which it is not.
pub async fn check(t: &TestApp) -> Result<(), String> {
    // Of an organization that is gone, and of which nothing was ever known, nothing is said.
    let differs = "select string_agg(concat_ws(' ', m.org, m.at, m.answer, 'and later', to_jsonb(a)), '; ')
        from moments m
        left join lateral billing.entitlements_at(m.org, m.at) a on true
        where to_jsonb(a) is distinct from m.answer
          and (a.plan_code is not null or exists (select from billing_private.existing_organization(m.org)))";
    let differs = t.value(differs).await;
    if differs.is_empty() {
        Ok(())
    } else {
        Err(format!("at these moments something else was so: {differs}"))
    }
}
