//! PgBouncer between the functions and the database.

use super::{Playing, World, server};
use crate::pooler::Pooler;

/// Events that must take effect before a fault and after it.
const SOME: usize = 12;

/// PgBouncer stands in between, is killed, and started again.
pub fn killed(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            let pooler = Pooler::start(&world.t.database, 4).await;
            world.lead_to(pooler.port());
            world.progress(SOME).await?;
            server::signal("KILL", &[pooler.pid()]);
            pooler.stop().await;
            if !world.goes_on() {
                break;
            }
        }
        world.lead_to(world.server.port());
        world.progress(SOME).await
    })
}
