//! The disk is full.

use super::{Playing, World};

/// Events that must take effect before a fault and after it.
const SOME: usize = 12;
/// Less than what a file of PostgreSQL's log has in use.
const FULL: u64 = 8192;

/// The server cannot write at a commit, which ends it. It starts again once there is room.
pub fn full(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            world.server.limit_files(FULL)?;
            world.pain().await?;
            // It has ended, or it ends now, and with it the limit.
            world.server.stop_at_once();
            world.server.restart().await;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}
