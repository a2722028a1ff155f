//! What must hold once all is quiet again.

use std::time::Duration;

use super::{Fault, World};
use crate::model::check::{events_are_processed_once, telemetry_ends_at_the_plans, telemetry_is_a_chain};
use crate::truth;

/// Every event took effect once, the database says what Stripe says, no replaced state ever came back, and
/// the audit trail is whole. If something may be lost, after one reconciliation.
///
/// # Errors
/// What does not hold.
pub async fn end(world: &mut World, fault: &Fault) -> Result<(), String> {
    if let Some(cluster) = world.moved.get() {
        world.t.database = world.t.database.at(cluster);
    }
    // The connection from before may be dead.
    world.t.db = world.t.database.connect().await;
    if fault.loses {
        let report = world.t.reconcile().await;
        if !report.is_well() {
            return Err(format!("the reconciliation is not well: {report:?}"));
        }
    }
    let t = &world.t;
    let differences = truth::differences(t).await;
    if !differences.is_empty() {
        return Err(format!("not as at Stripe: {}", differences.join("; ")));
    }
    world.journal.check(t).await?;
    let outcomes = world.post.outcomes.borrow().clone();
    events_are_processed_once(t, &outcomes, false).await?;
    telemetry_is_a_chain(t, "plan_changed", "org_id::text", "'pilot'").await?;
    telemetry_is_a_chain(t, "subscription_status_changed", "telemetry ->> 'subscription'", "null").await?;
    telemetry_ends_at_the_plans(t, &world.model).await?;
    for organization in &world.model.organizations {
        let question = World::question(organization);
        let mut reply = world.reader.call(&question).await;
        // A connection that died with the server is noticed when it is used.
        for _ in 0..20 {
            if reply.as_ref().is_some_and(|reply| reply.status == 200) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            reply = world.reader.call(&question).await;
        }
        let reply = reply.ok_or_else(|| format!("nobody answers for {}", organization.id))?;
        let told = (
            reply.body["planCode"].as_str().unwrap_or_default().to_owned(),
            reply.body["seats"].as_i64().unwrap_or_default(),
        );
        if Some(&told) != world.answers.last(&organization.id).as_ref() {
            return Err(format!("{} is told {told:?} at the end", organization.id));
        }
    }
    Ok(())
}
