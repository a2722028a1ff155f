//! The check is checked: with a rule broken on purpose, it notices.

use std::time::Duration;

use tests::faults::{Fault, Setting, named, play_broken};

/// Two subscriptions of one organization change at once, and with them its plan.
fn pair() -> Fault {
    let storm = named("storm").unwrap();
    let setting = Setting { organizations: 1, of_first: 2, ..storm.setting };
    Fault { name: "pair", setting, ..*storm }
}

/// Breaks a rule in the database and makes a fault, with one seed after the other, until it is noticed.
async fn is_noticed(fault: &Fault, broken: &str, as_what: &[&str]) {
    let mut all = Vec::new();
    for seed in 1..=24 {
        match play_broken(fault, seed, Duration::ZERO, broken).await {
            Ok(tally) => all.push(format!("{tally:?}")),
            Err(problem) if as_what.iter().any(|what| problem.contains(what)) => return,
            Err(problem) => panic!("noticed as something else: {problem}"),
        }
    }
    panic!("not noticed: {all:#?}");
}

#[tokio::test]
async fn that_nothing_serializes_an_organization_is_noticed() {
    // And whoever changes a plan takes a moment to write it, so that two meet on any machine.
    let broken = "create or replace function billing_private.lock_organizations(
          orgs uuid[], subscription text default null, at_any_level boolean default false
        ) returns uuid[] language sql as 'select orgs';
        create function slowly() returns trigger language plpgsql as $$ begin
          perform pg_sleep(0.03); return new; end $$;
        create trigger slowly before insert on runs for each row execute function slowly()";
    is_noticed(&pair(), broken, &["is no chain", "not as at Stripe", "is told", "was written after"]).await;
}

#[tokio::test]
async fn that_what_an_event_carries_is_always_written_is_noticed() {
    let broken = "create or replace function billing_private.ordering(
          created bigint, carries_subscription boolean, known_through bigint, may_include bigint, status text
        ) returns text language sql immutable as $$
          select case when carries_subscription then 'write' else 'read' end $$";
    // If what is older came last of all, it stands in the end.
    let as_what = ["was written after", "older than what was told before", "not as at Stripe", "is told"];
    is_noticed(named("storm").unwrap(), broken, &as_what).await;
}

#[tokio::test]
async fn an_event_that_is_answered_with_200_and_not_applied_is_noticed() {
    let broken = "create function passed_over() returns trigger language plpgsql as $$ begin
          return case when new.quantity % 2 = 0 then new end; end $$;
        create trigger a_passed_over before update on subscriptions for each row
          execute function passed_over()";
    is_noticed(
        named("function-killed").unwrap(),
        broken,
        &["not as at Stripe", "was written after", "is told"],
    )
    .await;
}

#[tokio::test]
async fn an_event_that_is_forgotten_is_noticed() {
    let broken = "create function forgotten() returns trigger language plpgsql as $$ begin
          delete from billing.webhook_events where event_id = new.event_id; return null; end $$;
        create trigger z_forgotten after insert on webhook_events for each row execute function forgotten()";
    is_noticed(named("storm").unwrap(), broken, &["is stored as", "was applied"]).await;
}
