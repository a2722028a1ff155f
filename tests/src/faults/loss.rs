//! What was committed is lost, and the reconciliation gets it back.

use super::proxy::Mode;
use super::{Playing, World, server};

/// Events that take effect before, and that are lost.
const SOME: usize = 12;

/// The primary is lost with what the replica had not received yet, and the replica takes over.
pub fn failover(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let both = world.replicated.as_ref().ok_or("there is no replica")?;
        world.progress(SOME).await?;
        let sender = "select pid from pg_stat_replication";
        let row = world.admin().await.query_one(sender, &[]).await.map_err(|error| error.to_string())?;
        // What is committed from now on does not leave the primary.
        server::signal("STOP", &[u32::try_from(row.get::<_, i32>(0)).unwrap_or_default()]);
        world.progress(SOME).await?;
        server::kill(both.primary);
        let replica = both.replica.connect("postgres").await.map_err(|error| error.to_string())?;
        replica.query("select pg_promote()", &[]).await.map_err(|error| error.to_string())?;
        world.lose();
        world.moved.set(Some(both.replica));
        world.lead_to(server::port(both.replica));
        world.progress(SOME).await
    })
}

/// The database is replaced by a copy that was made a while ago.
pub fn old_dump(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let name = world.t.database.name.clone();
        let admin = world.server.cluster.connect("postgres").await.map_err(|error| error.to_string())?;
        // A copy needs the original for itself.
        let alone =
            format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        world.progress(SOME).await?;
        let copy = format!("create database {name}_old template {name} strategy file_copy");
        let replace = format!(
            "alter database {name} rename to {name}_lost; alter database {name}_old rename to {name}"
        );
        for (sql, loses) in [(copy, false), (replace, true)] {
            world.set_wires(Mode::Closed);
            admin.batch_execute(&alone).await.map_err(|error| error.to_string())?;
            admin.batch_execute(&sql).await.map_err(|error| error.to_string())?;
            if loses {
                world.lose();
            }
            world.set_wires(Mode::Open);
            world.progress(SOME).await?;
        }
        Ok(())
    })
}
