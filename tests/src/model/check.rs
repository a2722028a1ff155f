//! What must hold: while events are applied, and at the end.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::delivery::{Outcomes, Post};
use super::history::History;
use super::world::{ADDON, Organization, World};
use super::{moments, told};
use crate::TestApp;
use crate::granting::{self, Known};

/// Asks for entitlements through the real handler while events run: the answer is always whole, and one of
/// the plans; or that of a stranger, where organizations are deleted.
///
/// # Errors
/// If an answer is not.
pub async fn read_all_the_while(
    t: &TestApp,
    world: &World,
    post: &Post,
    deletes: bool,
) -> Result<(), String> {
    while !post.is_done() {
        for organization in &world.organizations {
            let answer = t.entitlements(&organization.user, &organization.id).await;
            // The add-on's flag apart, which comes and goes by itself.
            let flags = answer.body["entitlements"].as_object().map_or(0, |flags| {
                flags.iter().filter(|(flag, on)| **on == true && flag.as_str() != ADDON).count()
            });
            let whole = match answer.text("/planCode") {
                "pilot" => flags == 1,
                "pro" => flags == 7,
                "enterprise" => flags == 10,
                _ => false,
            };
            // 503: its connection was killed, more often than it is tried again.
            let gone = deletes && answer.status == 403;
            if !(answer.status == 503 || gone || answer.status == 200 && whole) {
                return Err(format!("an answer in between was {} {}", answer.status, answer.body));
            }
            moments::note(t, organization).await?;
        }
        told::tell(t).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Everything that must hold once all events are delivered.
///
/// # Errors
/// What does not.
pub async fn end(t: &TestApp, world: &World, post: &Post, history: &History) -> Result<(), String> {
    for organization in &world.organizations {
        if organization.gone.get() {
            nobody_sees_anything(t, organization).await?;
            continue;
        }
        let expected = plans_at_stripe(t, world, organization);
        let answer = t.entitlements(&organization.user, &organization.id).await;
        if !expected.contains(answer.text("/planCode")) {
            return Err(format!("{} has {}, at Stripe {expected:?}", organization.id, answer.body));
        }
        seats_are_those_paid_for(t, world, organization, &answer.body)?;
        flags_are_the_same_for_openfeature(t, organization, &answer.body).await?;
        let addon = world.has_addon(t, &organization.id) || answer.text("/planCode") == "enterprise";
        if answer.body["entitlements"][ADDON] != addon {
            return Err(format!("{} has {}, and its add-on is {addon}", organization.id, answer.body));
        }
    }
    moments::check(t).await?;
    told::check(t).await?;
    no_stranger_is_a_customer(t, world).await?;
    discounts_are_those_at_stripe(t, world).await?;
    the_short_way_to_what_is_granted_is_the_long_one(t).await?;
    let outcomes = post.outcomes.borrow().clone();
    events_are_processed_once(t, &outcomes, history.deletes()).await?;
    gone_is_noted_once(t).await?;
    telemetry_is_a_chain(t, "plan_changed", "org_id::text", "'pilot'").await?;
    telemetry_is_a_chain(t, "subscription_status_changed", "telemetry ->> 'subscription'", "null").await?;
    telemetry_ends_at_the_plans(t, world).await
}

/// The plans that the organization may have. No history is as long as the grace period.
fn plans_at_stripe(t: &TestApp, world: &World, organization: &Organization) -> BTreeSet<&'static str> {
    let subscriptions = t.stripe.subscriptions();
    let its = subscriptions.iter().filter(|one| world.whose(one).as_ref() == Some(&organization.id));
    granting::plans(t, its, Known::Events)
}

/// The sum over all subscriptions. Of one that is past due what was paid last counts, which may be one of
/// several.
fn seats_are_those_paid_for(
    t: &TestApp,
    world: &World,
    organization: &Organization,
    answer: &Value,
) -> Result<(), String> {
    let subscriptions = t.stripe.subscriptions();
    let its: Vec<&Value> =
        subscriptions.iter().filter(|one| world.whose(one).as_ref() == Some(&organization.id)).collect();
    if its.iter().any(|one| one["status"] == "past_due") {
        return Ok(());
    }
    let paid: i64 = its.iter().map(|one| granting::seats(one)).sum();
    let expected = if paid == 0 { 1 } else { paid };
    if answer["seats"] == expected {
        return Ok(());
    }
    Err(format!("{} has {answer}, and pays for {expected} seats", organization.id))
}

/// Asked for as OpenFeature does, each flag is what entitlements say.
async fn flags_are_the_same_for_openfeature(
    t: &TestApp,
    organization: &Organization,
    answer: &Value,
) -> Result<(), String> {
    let evaluated = t.flags(&organization.user, &organization.id).await;
    let flags = evaluated.body["flags"].as_array().into_iter().flatten();
    let flags: Value =
        flags.map(|flag| (flag["key"].as_str().unwrap_or_default(), flag["value"].clone())).collect();
    if flags == answer["entitlements"] {
        return Ok(());
    }
    Err(format!("{} has {answer}, and for OpenFeature {}", organization.id, evaluated.body))
}

/// Those of live subscriptions, in Stripe's order. What they take off is known, unless Stripe was ill.
async fn discounts_are_those_at_stripe(t: &TestApp, world: &World) -> Result<(), String> {
    for subscription in t.stripe.subscriptions() {
        let whose = world.whose(&subscription);
        let is_there = |one: &Organization| !one.gone.get() && Some(&one.id) == whose.as_ref();
        let is_live = ["active", "trialing", "past_due", "unpaid", "paused"]
            .iter()
            .any(|status| subscription["status"] == *status);
        if !is_live || !world.organizations.iter().any(is_there) {
            continue;
        }
        let id = subscription["id"].as_str().unwrap_or_default();
        let ours = format!(
            "select coalesce(string_agg(d ->> 'id', ' '), '')
             from subscriptions s, jsonb_array_elements(s.discounts) d
             where s.stripe_subscription_id = '{id}'"
        );
        let named = subscription["discounts"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let (ours, theirs) = (t.value(&ours).await, named.collect::<Vec<_>>().join(" "));
        if ours != theirs {
            return Err(format!("{id} has the discounts `{ours}`, at Stripe `{theirs}`"));
        }
    }
    Ok(())
}

/// Whoever typed an organization's id into a payment link is not its customer.
async fn no_stranger_is_a_customer(t: &TestApp, world: &World) -> Result<(), String> {
    let customers = t.value("select string_agg(stripe_customer_id, ' ') from customers").await;
    let bought = world.bought.borrow();
    match bought.strangers.iter().find(|stranger| customers.contains(stranger.as_str())) {
        Some(stranger) => Err(format!("the stranger {stranger} is stored as a customer")),
        None => Ok(()),
    }
}

/// Not the member, not the application's server, not the operator: whatever is kept of it.
async fn nobody_sees_anything(t: &TestApp, organization: &Organization) -> Result<(), String> {
    let Organization { id, user, .. } = organization;
    let answer = t.entitlements(user, id).await;
    if (answer.status, answer.text("/code")) != (403, "not_a_member") {
        return Err(format!("of {id}, which is gone, its member is told {} {}", answer.status, answer.body));
    }
    let seen = format!(
        "select concat_ws(' ', (select count(*) from plan_effective where org_id = '{id}'),
           (select count(*) from entitlements_effective where org_id = '{id}'),
           has_entitlement('{id}', 'canExportMD'),
           (select count(*) from orgs_with('canExportMD') o where o = '{id}'))"
    );
    for role in ["service_role", "authenticated"] {
        let sub = if role == "authenticated" { format!("{{\"sub\": \"{user}\"}}") } else { String::new() };
        let begin = format!("begin; set local request.jwt.claims = '{sub}'; set local role {role}");
        t.db.batch_execute(&begin).await.map_err(|error| error.to_string())?;
        let seen = t.value(&seen).await;
        let rows = if role == "authenticated" {
            t.value(
                "select (select count(*) from subscriptions)
                   + (select count(*) from entitlements) + (select count(*) from customers)",
            )
            .await
        } else {
            "0".to_owned()
        };
        t.db.batch_execute("rollback").await.map_err(|error| error.to_string())?;
        if seen != "0 0 f 0" || rows != "0" {
            return Err(format!("of {id}, which is gone, {role} sees {seen}, and {rows} rows"));
        }
    }
    Ok(())
}

async fn the_short_way_to_what_is_granted_is_the_long_one(t: &TestApp) -> Result<(), String> {
    let other = "select string_agg(org_id::text, ', ')
        from (select distinct org_id, livemode from subscriptions) o
        where billing_private.granted(org_id, livemode)
          <> billing_private.granted_by_several(org_id, livemode)";
    let other = t.value(other).await;
    if other.is_empty() { Ok(()) } else { Err(format!("granted in two ways: {other}")) }
}

async fn gone_is_noted_once(t: &TestApp) -> Result<(), String> {
    let twice = "select string_agg(org_id::text, ', ') from (
        select org_id from runs where kind = 'organization_gone' group by org_id having count(*) > 1) twice";
    let twice = t.value(twice).await;
    if twice.is_empty() { Ok(()) } else { Err(format!("noted more than once as gone: {twice}")) }
}

/// Of what was answered, nothing was applied twice, and all of it is stored as processed.
pub(crate) async fn events_are_processed_once(
    t: &TestApp,
    answered: &Outcomes,
    deletes: bool,
) -> Result<(), String> {
    for (id, (kind, outcomes)) in answered {
        let worked =
            outcomes.iter().filter(|outcome| ["applied", "stale"].contains(&outcome.as_str())).count();
        if worked > 1 {
            return Err(format!("{id} ({kind}) was applied {worked} times: {outcomes:?}"));
        }
        let rows = t
            .value(&format!(
                "select concat_ws(' ', status, outcome, error_code, next_retry_at)
                 from webhook_events where event_id = '{id}'"
            ))
            .await;
        let ignored = outcomes.iter().all(|outcome| outcome == "ignored");
        // A refund or dispute whose payment was not known yet.
        let of_gone = (deletes || kind.contains("charge.")) && rows == "processed ignored";
        if !ignored && !of_gone && !["processed applied", "processed stale"].contains(&rows.as_str()) {
            return Err(format!("{id} ({kind}) was answered {outcomes:?} and is stored as `{rows}`"));
        }
    }
    let left = t
        .value(
            "select string_agg(event_id || ' ' || status, ', ') from webhook_events
             where status <> 'processed'",
        )
        .await;
    if left.is_empty() { Ok(()) } else { Err(format!("left unprocessed: {left}")) }
}

/// Each change begins where the one before ended: none is missing, none stands twice.
pub(crate) async fn telemetry_is_a_chain(
    t: &TestApp,
    kind: &str,
    of: &str,
    first: &str,
) -> Result<(), String> {
    let broken = format!(
        "select string_agg(concat_ws(' ', whose, before, telemetry), '; ') from (
           select {of} as whose, telemetry, telemetry ->> 'from' as begins, telemetry ->> 'to' as ends,
             lag(telemetry ->> 'to', 1, {first}) over (partition by {of} order by id) as before
           from runs where kind = '{kind}') steps
         where begins is distinct from before or begins is not distinct from ends"
    );
    let broken = t.value(&broken).await;
    if broken.is_empty() { Ok(()) } else { Err(format!("{kind} is no chain: {broken}")) }
}

/// The last change of each organization's plan is the one that its subscriptions grant.
pub(crate) async fn telemetry_ends_at_the_plans(t: &TestApp, world: &World) -> Result<(), String> {
    for organization in &world.organizations {
        let last = format!(
            "select coalesce((select telemetry ->> 'to' from runs
             where kind = 'plan_changed' and org_id = '{}' order by id desc limit 1), 'pilot')",
            organization.id
        );
        let (last, plan) = (t.value(&last).await, plans_at_stripe(t, world, organization));
        if !plan.contains(last.as_str()) {
            return Err(format!("telemetry of {} ends at {last}, at Stripe {plan:?}", organization.id));
        }
    }
    Ok(())
}
