//! The database: reached, migrated, encrypted, closed.

use shared::db;
use tokio_postgres::Client;

use super::DoctorReport;
use crate::context::Context;

/// Tables of ours that row level security is off for, that it is not forced for, or that have no policy.
const OPEN_TABLES: &str = "
    select coalesce(string_agg(c.relname, ', ' order by c.relname), '') from pg_class c
    where c.relnamespace in ('billing'::regnamespace, 'billing_private'::regnamespace)
      and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity
        and exists (select from pg_policy p where p.polrelid = c.oid))";

/// What a login or a role of requests has and should not have, one clause each.
const TOO_MUCH: &str = include_str!("too_much.sql");

/// Live subscriptions of organizations that the application deleted.
const LIVE_AND_GONE: &str = "
    select coalesce(string_agg(s.stripe_subscription_id || ' of ' || s.org_id, ', '
      order by s.stripe_subscription_id), '')
    from billing.subscriptions s left join billing_private.all_organizations() as o (id) on o.id = s.org_id
    where o.id is null and billing_private.binds(s)";

/// A sentence, and after an exclamation mark what to do, if something is to be done.
const MEMBERS: &str = "
    select case
        when adopted.text = 'own' then 'tables of ours'
        when adopted.text = 'gone' then 'nobody''s'
        when adopted.text like '{%' then 'adopted from ' || (adopted.text::jsonb ->> 'members')
        else 'views of your own' end
      || pg_catalog.format(': %s organizations, %s members, %s of them may buy', s.organizations, s.members,
        s.admins)
      || case
        when adopted.text = 'gone'
        then '!the application dropped what billing.members read: run billing adopt'
        when s.without_admin > 0
        then pg_catalog.format('!%s organizations have no owner or admin, so nobody can buy for them: '
          'see billing adopt --buyers', s.without_admin)
        else '' end
    from billing_private.members_summary() s,
      (select obj_description('billing.members'::regclass) as text) adopted";

const MISSING_LOGINS: &str = "
    select coalesce(string_agg(name, ', ' order by name), '')
    from unnest(array['billing_reader', 'billing_checkout', 'billing_events', 'billing_operator']) as name
    where not exists (select from pg_roles where rolname = name and rolcanlogin)";

/// What is not the owner's, as after a restore with --no-owner: then functions run with another's rights.
const NOT_OWNED: &str = "
    select coalesce(string_agg(of_one, ', ' order by of_one), '') from (
      select 'what ' || pg_get_userbyid(owner) || ' owns (' || count(*) || ')' as of_one from (
        select nspowner as owner from pg_namespace where nspname in ('billing', 'billing_private')
        union all
        select relowner from pg_class where relkind in ('r', 'p', 'v', 'S')
          and relnamespace in (select oid from pg_namespace where nspname in ('billing', 'billing_private'))
        union all
        select proowner from pg_proc
        where pronamespace in (select oid from pg_namespace where nspname in ('billing', 'billing_private'))
      ) ours where pg_get_userbyid(owner) not like 'billing\\_%' group by owner) found";

/// Logins that take over a database's own default, which may be a level at which billing is not changed.
const OTHER_LEVEL: &str = "
    select coalesce(string_agg(r.rolname::text, ', ' order by r.rolname), '')
    from pg_roles r
    where r.rolname in ('billing_reader', 'billing_checkout', 'billing_events', 'billing_operator')
      and not coalesce('default_transaction_isolation=read committed' = any (r.rolconfig), false)";

/// False: it does not answer, or has not our tables, so there is nothing more to ask.
pub(super) async fn check(context: &Context, report: &mut DoctorReport) -> bool {
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
    members(client, report).await;
    one(
        report,
        client,
        "organizations_gone",
        LIVE_AND_GONE,
        "no live subscription of an organization that was deleted",
        "Somebody pays for nothing: cancel the subscription in Stripe's Dashboard, or give it to an \
         organization that exists by its metadata org_id.",
    )
    .await;
    mode(context, client, report).await;
    true
}

async fn encryption(context: &Context, client: &Client, report: &mut DoctorReport) {
    if context.config.database_url.as_ref().is_some_and(db::is_local) {
        return report.ok("tls", "the database is on this machine");
    }
    // Ours is always encrypted and verified. A pooler in between has a connection of its own, which this asks
    // about.
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

async fn roles(client: &Client, report: &mut DoctorReport) {
    for (sql, what, advice) in [
        (
            MISSING_LOGINS,
            "no login",
            "The migrations create them; whoever dropped one creates it again as \
             migrations/tables/V1__schemas_and_roles.sql does.",
        ),
        (
            NOT_OWNED,
            "billing_owner does not own",
            "A restore with --no-owner does that: restore again without it. Or give them to billing_owner: \
             alter schema, alter table, alter function ... owner to billing_owner.",
        ),
        (
            OTHER_LEVEL,
            "no isolation level of its own has",
            "Where the database's default is another level, nothing is changed: alter role ... set \
             default_transaction_isolation = 'read committed'.",
        ),
    ] {
        match text(client, sql).await {
            Ok(logins) if logins.is_empty() => {}
            Ok(logins) => return report.failing("roles", format!("{what} {logins}"), advice),
            Err(error) => return report.impossible("roles", error),
        }
    }
    one(
        report,
        client,
        "roles",
        TOO_MUCH,
        "each login has what its work needs",
        "Revoke it: migrations/README.md says what each role is for, migrations/policies and functions what \
         it may do.",
    )
    .await;
}

/// Whose members they are, and whether they are readable.
async fn members(client: &Client, report: &mut DoctorReport) {
    let summary = match text(client, MEMBERS).await {
        Ok(summary) => summary,
        Err(error) => {
            return report.failing(
                "members",
                format!("they cannot be read: {error}"),
                "Run billing adopt again.",
            );
        }
    };
    match summary.split_once('!') {
        Some((summary, problem)) => report.warning("members", summary, problem),
        None => report.ok("members", summary),
    }
}

/// A test key on a database with live customers ignores every event of theirs.
async fn mode(context: &Context, client: &Client, report: &mut DoctorReport) {
    let Some(key) = &context.config.stripe_key else { return };
    match text(client, "select exists (select from billing.customers where livemode)::text").await {
        Ok(live) if live == "true" && !key.livemode => report.failing(
            "database_mode",
            "the database has live customers, and the key is one of test mode",
            "Set STRIPE_SECRET_KEY to the live key, or DATABASE_URL to another database: with this pair \
             every live event is ignored.",
        ),
        Ok(_) => report.ok("database_mode", "the database and the key agree"),
        Err(error) => report.impossible("database_mode", error),
    }
}

/// A query that answers nothing when all is well, else what is wrong.
async fn one(
    report: &mut DoctorReport,
    client: &Client,
    check: &'static str,
    sql: &str,
    well: &str,
    advice: &str,
) {
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
