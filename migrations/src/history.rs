//! What was applied to a database, against what this program knows. Only reads.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{GenericClient, SimpleQueryMessage, SimpleQueryRow};

use crate::files::{FILES, File};
use crate::{Error, OWNER_COMMENT};

/// A path in which nothing of anybody else's stands before PostgreSQL's own: a superuser would run it. For
/// one transaction, because a pooler would hand a session's setting on.
const PATH: &str = "set local search_path = pg_catalog, pg_temp";

/// The roles that are ours (tables/V1__schemas_and_roles.sql).
const ROLES: [&str; 6] = [
    "billing_owner",
    "billing_viewer",
    "billing_reader",
    "billing_checkout",
    "billing_events",
    "billing_operator",
];

/// The names of the files that are not applied yet, in the order in which they will be. Changes nothing, and
/// works behind a pooler.
///
/// # Errors
/// If the database does not answer; if a schema or role of our name is somebody else's; if the history holds
/// a migration that this program does not know or that has changed.
pub async fn pending<C: GenericClient>(client: &C) -> Result<Vec<&'static str>, Error> {
    Ok(pending_files(client).await?.into_iter().map(|file| file.name).collect())
}

pub(crate) async fn pending_files<C: GenericClient>(client: &C) -> Result<Vec<File>, Error> {
    let Some(applied) = applied(client).await? else {
        return Ok(FILES.to_vec());
    };
    let there = defined(client).await?;
    let mut pending = Vec::new();
    for file in FILES {
        let is_there = |file: &File| file.defines().is_none_or(|name| there.contains(name));
        match applied.get(file.name) {
            Some(checksum) if *checksum == file.checksum() && is_there(file) => {}
            Some(_) if file.is_migration() => return Err(Error::Changed(file.name.to_owned())),
            _ => pending.push(*file),
        }
    }
    let known = |name: &str| FILES.iter().any(|file| file.name == name);
    match applied.keys().find(|name| name.starts_with("tables/") && !known(name)) {
        Some(name) => Err(Error::Unknown(name.clone())),
        None => Ok(pending),
    }
}

/// Checksums by name. None: never migrated, and nothing is in the way.
async fn applied<C: GenericClient>(client: &C) -> Result<Option<HashMap<String, String>>, Error> {
    // The table is missing in a database that was never migrated: to_regclass keeps that from being an error.
    let sql = format!(
        "select to_regclass('billing.schema_history') is not null,
        (select string_agg(nspname::text, ' and ' order by nspname) from pg_namespace
         where nspname in ('billing', 'billing_private')),
        (select string_agg(rolname::text, ', ' order by rolname) from pg_roles
         where rolname = any (array[{names}])
           and shobj_description(oid, 'pg_authid') is distinct from '{OWNER_COMMENT}'),
        (select string_agg(name, ', ' order by name) from unnest(array[{names}]) as name
         where not exists (select from pg_roles where rolname = name))",
        names = names()
    );
    let rows = rows(client, &sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let said = |column: usize| row.get(column).map(str::to_owned);
    if row.get(0) != Some("t") {
        if let Some(schemas) = said(1) {
            return Err(Error::SchemaTaken(schemas));
        }
        if let Some(roles) = said(2) {
            return Err(Error::RoleTaken(roles));
        }
        return Ok(None);
    }
    if let Some(roles) = said(3) {
        return Err(Error::RolesMissing(roles));
    }
    let rows = self::rows(client, "select name, checksum from billing.schema_history").await?;
    Ok(Some(rows.iter().filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned()))).collect()))
}

/// Our roles as the text of an array in SQL.
fn names() -> String {
    ROLES.map(|name| format!("'{name}'")).join(", ")
}

/// What a statement answers, with PostgreSQL's own names first.
async fn rows<C: GenericClient>(client: &C, sql: &str) -> Result<Vec<SimpleQueryRow>, tokio_postgres::Error> {
    let messages = client.simple_query(&format!("{PATH}; {sql}")).await?;
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(row).collect())
}

/// The names of our functions and views. What an application drops with `cascade` may take some along that
/// read its tables.
async fn defined<C: GenericClient>(client: &C) -> Result<HashSet<String>, Error> {
    let sql = "select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname::text in ('billing', 'billing_private')
        union
        select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname::text in ('billing', 'billing_private') and c.relkind::text = 'v'";
    Ok(firsts(&rows(client, sql).await?))
}

/// What a first run changes outside our two schemas, one sentence each. Empty afterwards.
///
/// # Errors
/// If the database does not answer.
pub async fn outside<C: GenericClient>(client: &C) -> Result<Vec<String>, Error> {
    let sql = format!(
        "with first as (select to_regclass('billing.schema_history') is null as run),
      realtime as (
        select pg_has_role(p.pubowner, 'usage') as ours, pg_get_userbyid(p.pubowner)::text as owner
        from pg_publication p, first
        where first.run and p.pubname = 'supabase_realtime' and not p.puballtables)
      select what from (
        select 1 as place, 'creates the roles ' || string_agg(name, ', ') as what
        from unnest(array[{}, 'anon', 'authenticated', 'service_role']) as name
        where not exists (select from pg_roles where rolname = name)
        union all
        select 2, 'makes ' || current_user::text || ' a member of billing_owner' from first
        where run and not (select rolsuper from pg_roles where rolname = current_user) and not exists (
          select from pg_roles where rolname = 'billing_owner' and pg_has_role(oid, 'usage')
            and case when current_setting('server_version_num')::integer < 160000 then true
              else pg_has_role(oid, 'set') end)
        union all
        select 3, 'creates the schema auth with jwt(), uid() and role(), as Supabase has them'
        where to_regnamespace('auth') is null
        union all
        select 4, 'adds billing.entitlements and billing.subscriptions to the publication supabase_realtime'
        from realtime where ours
        union all
        select 5, 'leaves the publication supabase_realtime as it is: as ' || owner
          || ', who owns it, add billing.entitlements and '
          || 'billing.subscriptions to it, if a page shall hear at once what changes'
        from realtime where not ours
      ) changes where what is not null order by place",
        names()
    );
    Ok(firsts(&rows(client, &sql).await?))
}

/// The first column.
fn firsts<T: FromIterator<String>>(rows: &[SimpleQueryRow]) -> T {
    rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect()
}
