//! PostgreSQL is killed, frozen, stopped; the wires to it are dead, slow, cut; it has no connection free; one
//! organization or one table is locked.

use std::time::{Duration, Instant};

use super::proxy::Mode;
use super::server::signal;
use super::stripe::both;
use super::{Playing, World};

/// Events that must take effect before a fault and after it.
const SOME: usize = 12;

/// Lets some time pass. How much decides nothing.
async fn pass(random: &mut fastrand::Rng, milliseconds: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(random.u64(milliseconds))).await;
}

/// All of the server's processes are killed at once, again and again.
pub fn killed(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut random = world.random(100);
        loop {
            world.progress(SOME).await?;
            world.server.kill();
            pass(&mut random, 100..700).await;
            world.server.restart().await;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// The server shuts down at once, and recovers.
pub fn stopped(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            world.server.stop_at_once();
            world.server.restart().await;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// All of the server's processes stand still.
pub fn frozen(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut random = world.random(100);
        loop {
            world.progress(SOME).await?;
            world.server.freeze();
            pass(&mut random, 500..3000).await;
            world.server.thaw();
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// The wires to the server swallow everything, until readers have been refused.
pub fn swallowed(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(SOME).await?;
            world.set_wires(Mode::Silent);
            let before = world.refused();
            world.until(|| world.refused() > before, "a reader to be refused").await?;
            world.set_wires(Mode::Open);
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Every piece is late, and now and then all connections are cut, or refused for a while.
pub fn bad_wires(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut random = world.random(100);
        loop {
            world.progress(SOME).await?;
            world.set_wires(Mode::Slow(Duration::from_millis(random.u64(1..30))));
            for _ in 0..4 {
                pass(&mut random, 50..200).await;
                world.wires().for_each(super::proxy::Proxy::cut);
                world.progress(2).await?;
            }
            world.set_wires(Mode::Closed);
            pass(&mut random, 50..500).await;
            world.set_wires(Mode::Open);
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Some pieces are lost on the wires to the server, and come late.
pub fn lossy(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.set_wires(Mode::Lossy(10));
            let went_on = world.progress(SOME).await;
            world.set_wires(Mode::Open);
            went_on?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// A process of the server stands still in the middle of an event's transaction.
pub fn statement_frozen(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let admin = world.admin().await;
        let busy = "select pid from pg_stat_activity where datname = current_database()
            and usename = 'billing_events' and state = 'active' and backend_xid is not null";
        loop {
            world.progress(SOME).await?;
            let mut found = None;
            while found.is_none() && world.is_well() {
                found = admin.query(busy, &[]).await.map_err(|error| error.to_string())?.into_iter().next();
                tokio::task::yield_now().await;
            }
            let Some(row) = found else { return Ok(()) };
            let pid = [u32::try_from(row.get::<_, i32>(0)).unwrap_or_default()];
            signal("STOP", &pid);
            // What it holds, others may need: they need not go on.
            let felt = world.pain().await;
            signal("CONT", &pid);
            felt?;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Somebody holds the lock of one organization. The others go on meanwhile.
pub fn organization_locked(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let holder = world.admin().await;
        loop {
            let hold = format!(
                "begin; select billing_private.lock_organizations(array['{}'::uuid])",
                world.model.organizations[0].id
            );
            holder.batch_execute(&hold).await.map_err(|error| error.to_string())?;
            both(world.pain(), world.progress(2 * SOME)).await?;
            holder.batch_execute("rollback").await.map_err(|error| error.to_string())?;
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// No connection is to be had. Readers are told so at once, instead of waiting for one.
pub fn exhausted(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let admin = world.admin().await;
        let limit = |limit: i32| {
            format!(
                "alter role billing_reader connection limit {limit};
                 alter role billing_events connection limit {limit};"
            )
        };
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and usename in ('billing_reader', 'billing_events')";
        loop {
            world.progress(SOME).await?;
            let none = limit(0) + end;
            admin.batch_execute(&none).await.map_err(|error| error.to_string())?;
            let mut fastest = Duration::MAX;
            for organization in world.model.organizations.iter().cycle().take(8) {
                let begun = Instant::now();
                let reply = world.reader.call(&World::question(organization)).await;
                if reply.is_some_and(|reply| reply.status == 503) {
                    fastest = fastest.min(begun.elapsed());
                }
            }
            world.pain().await?;
            let again = limit(-1);
            admin.batch_execute(&again).await.map_err(|error| error.to_string())?;
            // Less than a request waits for a server that does not answer.
            if fastest > Duration::from_secs(2) {
                return Err(format!("the fastest of eight refusals took {fastest:?}"));
            }
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// Somebody holds a lock on a table that readers need, and they give up: what nobody waits for any more must
/// not pile up in the server.
pub fn abandoned(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let holder = world.admin().await;
        let admin = world.admin().await;
        let running = "select count(*) from pg_stat_activity
            where datname = current_database() and usename = 'billing_reader' and state = 'active'";
        loop {
            world.progress(SOME).await?;
            let lock = "begin; lock table own_members in access exclusive mode";
            holder.batch_execute(lock).await.map_err(|error| error.to_string())?;
            let goal = world.refused() + 3 * world.reader.count();
            let mut most = 0;
            while world.refused() < goal && world.is_well() {
                let row = admin.query_one(running, &[]).await.map_err(|error| error.to_string())?;
                most = most.max(row.get::<_, i64>(0));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            holder.batch_execute("rollback").await.map_err(|error| error.to_string())?;
            let instances = world.reader.count() as i64;
            // One that is given up may take a moment to end.
            if most > 2 * instances {
                return Err(format!("{most} statements of {instances} instances ran at once"));
            }
            world.progress(SOME).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}
