//! Any of the faults, several at once.

use std::time::Duration;

use stripe_emulator::Fault;

use super::proxy::Mode;
use super::{Playing, World};

/// Whatever chance says, until everything is well again.
pub fn chaos(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut random = world.random(100);
        loop {
            world.progress(10).await?;
            for _ in 0..3 {
                begin(world, &mut random);
                tokio::time::sleep(Duration::from_millis(random.u64(50..1000))).await;
            }
            world.server.thaw();
            world.set_wires(Mode::Open);
            world.t.stripe.heal();
            world.t.stripe.release_answers();
            if random.u32(..3) == 0 {
                world.server.kill();
                world.server.restart().await;
            }
            world.progress(10).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

fn begin(world: &World, random: &mut fastrand::Rng) {
    let number = random.usize(..world.webhook.count());
    let reads = || "/v1/subscriptions/sub_".to_owned();
    match random.u32(..8) {
        0 => world.server.freeze(),
        1 => world.set_wires(Mode::Slow(Duration::from_millis(random.u64(1..50)))),
        2 => world.webhook.wire(number).set(Mode::Silent),
        3 => world.wires().for_each(super::proxy::Proxy::cut),
        4 => world.webhook.signal("KILL", number),
        5 => world.webhook.signal("STOP", number),
        6 => world.t.stripe.fail(Fault {
            path_prefix: reads(),
            status: *random.choice(&[0, 429, 500, 409]).unwrap_or(&500),
            times: 20,
            ..Fault::default()
        }),
        _ => world.t.stripe.fail(Fault {
            path_prefix: reads(),
            status: 200,
            delay_ms: random.u64(1..3000),
            times: 20,
            ..Fault::default()
        }),
    }
}
