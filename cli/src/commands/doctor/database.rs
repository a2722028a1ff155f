//! The database: reached, migrated, encrypted, closed.

use shared::db;
use tokio_postgres::Client;

use super::Report;
use crate::context::Context;

/// Tables of ours that row level security is off for, that it is not forced for, or that have no policy.
const OPEN_TABLES: &str = "
    select coalesce(string_agg(c.relname, ', ' order by c.relname), '') from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and c.relname in ('organizations', 'organization_members', 'plans', 'plan_entitlements', 'billing_customers', 'subscriptions',
        'payments', 'entitlements', 'webhook_events', 'runs', 'reconcile_cursors', 'billing_schema_history')
      and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))";

/// What a login or a role of requests has and should not have, one clause each.
const TOO_MUCH: &str = "
    select coalesce(string_agg(what, '; ' order by what), '') from (
      select rolname || ' is a superuser or bypasses row level security' as what from pg_roles
      where (rolname like 'billing\\_%' or rolname in ('anon', 'authenticated')) and (rolsuper or rolbypassrls)
      union all
      select rolname || ' may create roles or databases' from pg_roles where rolname like 'billing\\_%' and (rolcreaterole or rolcreatedb)
      union all
      select 'billing_api can log in' from pg_roles where rolname = 'billing_api' and rolcanlogin
      union all
      select r.rolname || ' owns ' || c.relname from pg_class c join pg_roles r on r.oid = c.relowner
      where r.rolname like 'billing\\_%' and c.relnamespace = 'public'::regnamespace
      union all
      select 'billing_reader is a member of ' || other.rolname from pg_roles other
      where other.rolname not in ('billing_reader', 'authenticated') and exists (select from pg_roles where rolname = 'billing_reader')
        and pg_has_role('billing_reader', other.oid, 'member')
      union all
      select r.rolname || ' may ' || p.privilege || ' ' || c.relname from pg_class c, pg_roles r,
        unnest(array['insert', 'update', 'delete', 'truncate']) as p (privilege)
      where r.rolname in ('anon', 'authenticated') and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and c.relname in ('plans', 'plan_entitlements', 'billing_customers', 'subscriptions', 'payments', 'entitlements',
          'webhook_events', 'runs', 'reconcile_cursors')
        and has_table_privilege(r.oid, c.oid, p.privilege)
      union all
      select r.rolname || ' may select ' || c.relname from pg_class c, pg_roles r
      where (r.rolname = 'anon' and c.relname in ('plans', 'plan_entitlements', 'billing_customers', 'subscriptions', 'payments', 'entitlements')
          or r.rolname in ('anon', 'authenticated') and c.relname in ('webhook_events', 'runs', 'reconcile_cursors'))
        and c.relnamespace = 'public'::regnamespace and has_table_privilege(r.oid, c.oid, 'select')
      union all
      select r.rolname || ' may execute ' || p.proname from pg_proc p, pg_roles r
      where r.rolname in ('anon', 'authenticated') and p.pronamespace = 'public'::regnamespace and p.proname like 'pf\\_%'
        and has_function_privilege(r.oid, p.oid, 'execute')) found";

const MISSING_LOGINS: &str = "
    select coalesce(string_agg(name, ', ' order by name), '') from unnest(array['billing_reader', 'billing_checkout', 'billing_events', 'billing_operator']) as name
    where not exists (select from pg_roles where rolname = name and rolcanlogin)";

/// False: it does not answer, or has not our tables, so there is nothing more to ask.
pub(super) async fn check(context: &Context, report: &mut Report) -> bool {
    let client = match context.database().await {
        Ok(client) => client,
        Err(error) => {
            report.impossible("database", error);
            return false;
        }
    };
    report.ok("database", "it answers");
    encryption(context, client, report).await;
    match migrations::pending(client).await {
        Ok(pending) if pending.is_empty() => {
            report.ok("migrations", format!("version {}", migrations::latest_version()));
        }
        Ok(pending) => {
            report.failing(
                "migrations",
                format!("{} not applied: {}", pending.len(), pending.join(", ")),
                "Run billing migrate, as the role that owns the tables.",
            );
            return false;
        }
        Err(error) => {
            report.failing("migrations", "the history is not this version's", format!("{error}."));
            return false;
        }
    }
    one(
        report,
        client,
        "row_level_security",
        OPEN_TABLES,
        "on and forced for every table",
        "Enable and force row level security on them and restore their policies, as the migrations do.",
    )
    .await;
    roles(client, report).await;
    mode(context, client, report).await;
    true
}

async fn encryption(context: &Context, client: &Client, report: &mut Report) {
    if context.config.database_url.as_ref().is_some_and(db::is_local) {
        return report.ok("tls", "the database is on this machine");
    }
    // Ours is always encrypted and verified. A pooler in between has a connection of its own, which this asks about.
    match text(
        client,
        "select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)::text",
    )
    .await
    {
        Ok(ssl) if ssl == "true" => report.ok("tls", "encrypted, and the server's certificate verified"),
        Ok(_) => report.warning(
            "tls",
            "encrypted to a pooler, which speaks to the server in the clear",
            "Let the pooler use TLS as well, unless both are on one machine.",
        ),
        Err(error) => report.impossible("tls", error),
    }
}

async fn roles(client: &Client, report: &mut Report) {
    match text(client, MISSING_LOGINS).await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => {
            return report.failing(
                "roles",
                format!("no login {missing}"),
                "The migrations create them; whoever dropped one creates it again as migrations/V6__logins.sql does.",
            );
        }
        Err(error) => return report.impossible("roles", error),
    }
    one(
        report,
        client,
        "roles",
        TOO_MUCH,
        "each login has what its work needs",
        "Revoke it: migrations/V6__logins.sql says what each may do.",
    )
    .await;
}

/// A test key on a database with live customers ignores every event of theirs.
async fn mode(context: &Context, client: &Client, report: &mut Report) {
    let Some(key) = &context.config.stripe_key else { return };
    match text(client, "select exists (select from public.billing_customers where livemode)::text").await {
        Ok(live) if live == "true" && !key.livemode => report.failing(
            "database_mode",
            "the database has live customers, and the key is one of test mode",
            "Set STRIPE_SECRET_KEY to the live key, or DATABASE_URL to another database: with this pair every live event is ignored.",
        ),
        Ok(_) => report.ok("database_mode", "the database and the key agree"),
        Err(error) => report.impossible("database_mode", error),
    }
}

/// A query that answers nothing when all is well, else what is wrong.
async fn one(report: &mut Report, client: &Client, check: &'static str, sql: &str, well: &str, advice: &str) {
    match text(client, sql).await {
        Ok(wrong) if wrong.is_empty() => report.ok(check, well),
        Ok(wrong) => report.failing(check, wrong, advice),
        Err(error) => report.impossible(check, error),
    }
}

async fn text(client: &Client, sql: &str) -> Result<String, crate::context::Error> {
    let rows = client.query_typed(sql, &[]).await?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}
