//! Stripe is ill, or one organization is.

use stripe_emulator::Fault;

use super::{Playing, World};

/// Events that must take effect meanwhile.
const SOME: usize = 12;

const READS: &str = "/v1/subscriptions/sub_";

/// Stripe takes every read and answers none. What needs no read goes on meanwhile.
pub fn hangs(world: &World) -> Playing<'_> {
    ill(world, Fault { status: 200, delay_ms: 3_600_000, ..Fault::default() })
}

/// Stripe throttles every read.
pub fn throttles(world: &World) -> Playing<'_> {
    ill(world, Fault { status: 429, retry_after: Some(1), ..Fault::default() })
}

/// Stripe answers every read late, and right.
pub fn slow(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            world.t.stripe.fail(Fault {
                path_prefix: READS.to_owned(),
                times: u32::MAX,
                status: 200,
                delay_ms: 1000,
                ..Fault::default()
            });
            let went_on = world.progress(2 * SOME).await;
            world.t.stripe.heal();
            went_on?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

fn ill(world: &World, fault: Fault) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            world.t.stripe.fail(Fault { path_prefix: READS.to_owned(), times: u32::MAX, ..fault.clone() });
            let went_on = both(world.pain(), world.progress(SOME)).await;
            world.t.stripe.heal();
            world.t.stripe.release_answers();
            went_on?;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Both at the same time: the fault is felt, and the others go on.
pub async fn both(
    pain: impl Future<Output = Result<(), String>>,
    progress: impl Future<Output = Result<(), String>>,
) -> Result<(), String> {
    let (pain, progress) = futures_util::join!(pain, progress);
    pain.and(progress)
}

/// The rows of one organization raise an error, and Stripe cannot answer for another one's subscription. The
/// others go on meanwhile.
pub fn poison(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let admin = world.admin().await;
        let subscriptions = world.t.stripe.subscription_ids();
        loop {
            let trap = format!(
                "create or replace function poison() returns trigger language plpgsql as
                   $$ begin raise exception 'this row is poisoned'; end $$;
                 create trigger poison before insert or update on subscriptions for each row
                   when (new.org_id = '{}') execute function poison()",
                world.model.organizations[0].id
            );
            admin.batch_execute(&trap).await.map_err(|error| error.to_string())?;
            world.t.stripe.fail(Fault {
                path_prefix: format!("/v1/subscriptions/{}", subscriptions[1]),
                times: u32::MAX,
                ..Fault::default()
            });
            let went_on = both(world.pain(), world.progress(2 * SOME)).await;
            world.t.stripe.heal();
            let drop = "drop trigger poison on subscriptions";
            admin.batch_execute(drop).await.map_err(|error| error.to_string())?;
            went_on?;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}
