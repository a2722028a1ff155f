//! Applies the files that are pending: all in one transaction, or none.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Transaction};

use crate::files::File;
use crate::history::pending_files;
use crate::{Error, because};

/// A table that a long statement reads is not waited for: whoever queues for its lock stops everybody behind.
/// And what somebody made in `public` is never called: with its own search_path a superuser would run it. The
/// history says who changed a row: else it would be somebody by hand.
const SETTINGS: &str = "set local lock_timeout = '800ms'; set local search_path = pg_catalog, pg_temp;
    select set_config('billing.cause', 'billing migrate', true)";
/// One run at a time; the others wait. From the second run on by a lock that only the owner gets: every login
/// can hold an advisory one for as long as it likes.
const LOCK: &str = "
    do $$
    begin
      if to_regclass('billing.schema_history') is null then
        perform pg_advisory_xact_lock(hashtextextended('billing migrations', 0));
      end if;
      if to_regclass('billing.schema_history') is not null then
        set local role billing_owner;
        lock table billing.schema_history in share row exclusive mode;
        reset role;
      end if;
    end $$";
/// The two views that everything else reads, as V2 makes them, if the application dropped what they read.
/// Nobody is a member then, until `billing adopt` writes them anew.
const VIEWS: &str = "
    do $$
    begin
      if to_regclass('billing.schema_history') is not null then
        set local role billing_owner;
        if to_regclass('billing.organizations') is null then
          create view billing.organizations as select o.id, o.name from billing.own_organizations o;
          comment on view billing.organizations is 'gone';
        end if;
        if to_regclass('billing.members') is null then
          create view billing.members as select m.org_id, m.user_id, m.role from billing.own_members m
            where exists (select from billing.organizations o where o.id = m.org_id);
          comment on view billing.members is 'gone';
        end if;
        reset role;
      end if;
    end $$";
/// What makes the roles, which all databases of a server share.
const ROLES: &str = "tables/V1__schemas_and_roles";
/// How often a lock is tried, and how long the traffic goes first in between.
const TRIES: u32 = 32;
const PAUSE: Duration = Duration::from_secs(2);

/// What a definition's file grants is all that is granted: what an earlier version of it did is taken back
/// first.
const REVOKE: &str = "
    do $$
    declare
      granted record;
    begin
      for granted in
        select 'function ' || p.oid::regprocedure as what, a.grantee
        from pg_proc p, aclexplode(p.proacl) a
        where p.pronamespace in (to_regnamespace('billing'), to_regnamespace('billing_private'))
          and p.proname = 'NAME' and a.grantee not in (0, p.proowner)
        union all
        select 'table ' || c.oid::regclass, a.grantee
        from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace in (to_regnamespace('billing'), to_regnamespace('billing_private'))
          and c.relkind = 'v'
          and c.relname = 'NAME' and a.grantee not in (0, c.relowner)
      loop
        execute format('revoke all on %s from %I', granted.what, pg_get_userbyid(granted.grantee));
      end loop;
    end $$";

/// Applies what is pending and returns the files' names, in order. Several callers at once are safe: one
/// works, the others wait. If a table is busy, it is tried again for about a minute and a half.
///
/// Needs a direct connection: through a pooler in transaction mode a login's own settings are not sure to be
/// set.
///
/// # Errors
/// See [`Error`]; nothing is kept then.
pub async fn run(client: &mut Client) -> Result<Vec<&'static str>, Error> {
    let mut tries = 1;
    loop {
        match attempt(client).await {
            Err(error) if tries < TRIES && is_busy(&error) => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Whether it may succeed in a moment: a table is busy, or another database of this server makes the roles at
/// the same time.
fn is_busy(error: &Error) -> bool {
    let (makes_roles, cause) = match error {
        Error::Failed { name, cause, .. } => (*name == ROLES, cause),
        Error::Database(cause) => (false, cause),
        _ => return false,
    };
    let is = |states: &[SqlState]| cause.code().is_some_and(|code| states.contains(code));
    is(&[SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED])
        || makes_roles && is(&[SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_OBJECT])
}

async fn attempt(client: &mut Client) -> Result<Vec<&'static str>, Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(SETTINGS).await?;
    transaction.batch_execute(LOCK).await?;
    transaction.batch_execute(VIEWS).await?;
    // Looked at under the lock: who waited for it finds what the other one did.
    let pending = pending_files(&transaction).await?;
    for file in &pending {
        apply(&transaction, file).await.map_err(|cause| Error::Failed {
            name: file.name,
            because: because(&cause),
            cause,
        })?;
    }
    transaction.commit().await?;
    Ok(pending.iter().map(|file| file.name).collect())
}

async fn apply(transaction: &Transaction<'_>, file: &File) -> Result<(), tokio_postgres::Error> {
    let role = if file.runs_as_migrator() { "reset role" } else { "set local role billing_owner" };
    transaction.batch_execute(role).await?;
    if !file.is_migration() {
        let name = file.name.rsplit('/').next().unwrap_or(file.name);
        transaction.batch_execute(&REVOKE.replace("NAME", name)).await?;
    }
    transaction.batch_execute(file.sql).await?;
    transaction.batch_execute("set local role billing_owner").await?;
    transaction
        .query_typed(
            "insert into billing.schema_history as h (name, checksum) values ($1, $2)
             on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
            &[(&file.name, Type::TEXT), (&file.checksum(), Type::TEXT)],
        )
        .await?;
    Ok(())
}
