//! Processes of the functions are killed, frozen, or cut off from the database; their clocks are wrong; their
//! secret is replaced.

use std::time::Duration;

use super::proxy::Mode;
use super::stripe::both;
use super::{Playing, World};

/// Events that must take effect meanwhile.
const SOME: usize = 12;

/// Processes of the webhook and of the readers are killed at any moment.
pub fn killed(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut random = world.random(100);
        loop {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(random.u64(20..120))).await;
                world.webhook.signal("KILL", random.usize(..world.webhook.count()));
                if random.u32(..4) == 0 {
                    world.reader.signal("KILL", random.usize(..world.reader.count()));
                }
            }
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Half of the webhook's processes stand still, until Lambda has ended them. The others go on meanwhile.
pub fn frozen(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            let before = world.webhook.starts();
            let half = world.webhook.count() / 2;
            (0..half).for_each(|number| world.webhook.signal("STOP", number));
            world.progress(SOME).await?;
            world.until(|| world.webhook.starts() >= before + half, "the frozen ones to be replaced").await?;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// The wires of half of the webhook's processes swallow everything. The others go on meanwhile.
pub fn swallowed(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            let half = world.webhook.count() / 2;
            (0..half).for_each(|number| world.webhook.wire(number).set(Mode::Silent));
            both(world.pain(), world.progress(SOME)).await?;
            (0..half).for_each(|number| world.webhook.wire(number).set(Mode::Open));
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// The clocks of the webhook's processes jump back and forth all the while.
pub fn clocks(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(4 * SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// The database cannot be reached, and meanwhile the signing secret is replaced. No event may be refused.
pub fn secret_replaced(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let vault = world.vault.as_ref().ok_or("the secret stands nowhere")?;
        world.progress(SOME).await?;
        world.set_wires(Mode::Closed);
        world.pain().await?;
        vault.change(&[("STRIPE_WEBHOOK_SECRET", "whsec_replaced")]);
        "whsec_replaced".clone_into(&mut world.secret.borrow_mut());
        world.pain().await?;
        world.set_wires(Mode::Open);
        world.progress(4 * SOME).await
    })
}
