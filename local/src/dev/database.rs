//! The local stack's PostgreSQL: the server, and the database in it.

use tokio_postgres::Client;

use super::arguments::Arguments;
use super::people;
use super::place::Place;
use super::terminal;
use crate::postgres::{Access, Binaries, Cluster, Durability, Lifetime, Owner};
use crate::problem::Problem;

/// The database's name.
pub const DATABASE: &str = "billing";
/// Who logs in: each function, and the `billing` command.
const LOGINS: [&str; 4] = ["billing_reader", "billing_checkout", "billing_events", "billing_operator"];

/// Starts the server: one whose data is kept, or one that is thrown away.
///
/// # Errors
/// If there is no PostgreSQL to be had, or it does not start.
pub async fn start_cluster(
    arguments: &Arguments,
    place: &Place,
    owner: Owner,
    port: u16,
) -> Result<Cluster, Problem> {
    let binaries = Binaries::find_or_fetch(&place.tools(), &terminal::step)?;
    // By version, because a server does not read another one's files.
    let kept = place.reachable.join(format!("postgres-{}", binaries.version));
    if arguments.throws_away() {
        let data = place.reachable.join(format!("throw-away-{}", std::process::id()));
        return Cluster::start(
            &binaries,
            owner,
            &data,
            port,
            Durability::None,
            Lifetime::Removed,
            Access::Password,
        )
        .await;
    }
    if arguments.fresh {
        Place::remove(&kept)?;
    }
    Cluster::start(&binaries, owner, &kept, port, Durability::Full, Lifetime::Kept, Access::Password).await
}

/// The database with the schema as it is now, the logins and the demo's people, and a connection to it.
///
/// # Errors
/// If the server refuses, or a migration does not apply.
pub async fn prepare(cluster: &Cluster) -> Result<Client, Problem> {
    let problem =
        |error: tokio_postgres::Error| Problem::new(format!("The database cannot be prepared: {error}."));
    let admin = cluster.connect("postgres").await.map_err(problem)?;
    let exists = admin
        .query_opt("select from pg_database where datname = $1", &[&DATABASE])
        .await
        .map_err(problem)?
        .is_some();
    if !exists {
        admin.batch_execute(&format!("create database {DATABASE}")).await.map_err(problem)?;
    }
    let mut database = cluster.connect(DATABASE).await.map_err(problem)?;
    migrations::run(&mut database).await.map_err(|error| {
        Problem::new(format!(
            "The migrations do not apply: {error}. With cargo dev --fresh the database begins anew."
        ))
    })?;
    cluster.let_in(&LOGINS).await.map_err(problem)?;
    people::seed(&database).await?;
    Ok(database)
}
