//! What the application was told while events ran, with some messages lost on the way; at the end it knows
//! what a read says.

use crate::TestApp;

const TABLE: &str = "create table told (org uuid primary key, version bigint, answer jsonb)";

/// What is due, as the function `notify` takes it. Of five messages one does not arrive.
const TELL: &str = "
    with message as materialized (
      select c.org_id, c.version, c.version % 5 > 0 as arrives, c.answer
      from billing.pf_claim_notifications(1000, 60) c),
    kept as (
      insert into told as k select m.org_id, m.version, m.answer from message m where m.arrives
      on conflict (org) do update set version = excluded.version, answer = excluded.answer
        where k.version < excluded.version)
    select billing.pf_settle_notifications(coalesce(jsonb_agg(jsonb_build_object('org', m.org_id,
      'version', m.version, 'done', m.arrives, 'error', case when not m.arrives then '500' end)), '[]'))
    from message m";

/// Begins to listen.
pub async fn start(t: &TestApp) {
    t.db.batch_execute(TABLE).await.expect("a table for what is told");
}

/// Tells what is due now.
///
/// # Errors
/// If the database fails.
pub async fn tell(t: &TestApp) -> Result<(), String> {
    t.db.batch_execute(TELL).await.map_err(|error| error.to_string())
}

/// When everything is told, the last message of each organization says what it has; of which there was none
/// has what everybody has.
///
/// # Errors
/// Of which it does not.
pub async fn check(t: &TestApp) -> Result<(), String> {
    t.value("select billing.pf_note_ends()").await;
    let due = "update notifications set next_attempt_at = now() where next_attempt_at is not null";
    let waiting = "select count(*) from notifications where next_attempt_at is not null";
    while t.value(waiting).await != "0" {
        t.db.batch_execute(due).await.map_err(|error| error.to_string())?;
        tell(t).await?;
    }
    // Members come and go without us.
    let differs = "select string_agg(concat_ws(' ', o.id, k.answer, 'and has', to_jsonb(has)), '; ')
        from organizations o
        cross join billing_private.standing_told(o.id) has
        cross join billing_private.standing_told(gen_random_uuid()) everybody
        left join told k on k.org = o.id
        where to_jsonb(has) - 'seats_used'
          <> coalesce(k.answer, to_jsonb(everybody)) - 'seats_used'";
    let differs = t.value(differs).await;
    if differs.is_empty() {
        Ok(())
    } else {
        Err(format!("the application was told something else last: {differs}"))
    }
}
