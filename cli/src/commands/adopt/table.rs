//! A table of the application's as the catalog has it: its columns, and whether it can be read.

use std::fmt;
use std::str::FromStr;

use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use super::{Error, search_path};

/// A table as it is named on the command line: `[schema.]table`, or a quoted name as SQL writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName(String);

impl FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("expected a table: [schema.]table".to_owned()),
            name => Ok(Self(name.to_owned())),
        }
    }
}

/// A table of the application.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub oid: u32,
    /// Quoted, with its schema.
    pub name: String,
    pub columns: Vec<Column>,
}

/// A column of it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: String,
    /// Quoted where SQL needs it.
    pub quoted: String,
    /// As PostgreSQL names the type: `uuid`, `boolean`, `text`, ...
    pub kind: String,
    pub is_enum: bool,
    /// It alone is the primary key.
    pub is_key: bool,
    /// It refers to this table, by oid.
    pub refers_to: Option<u32>,
    /// The table's name that it refers to.
    pub refers_to_name: Option<String>,
}

impl Table {
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        let wanted = name.trim_matches('"');
        self.columns.iter().find(|column| column.name == wanted).ok_or_else(|| {
            let there: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            Error::Unusable(format!("{} has no column {wanted}. It has {}.", self.name, there.join(", ")))
        })
    }

    /// The first of these names that a column has, however it is written.
    pub fn first_of(&self, names: &[&str], fits: impl Fn(&Column) -> bool) -> Option<&Column> {
        names
            .iter()
            .find_map(|name| self.columns.iter().find(|column| plain(&column.name) == *name && fits(column)))
    }
}

impl Column {
    pub fn is_text(&self) -> bool {
        self.is_enum
            || self.kind == "text"
            || self.kind.starts_with("character varying")
            || self.kind == "citext"
    }
}

/// A table that is named, with its columns.
pub(super) async fn named(client: &Transaction<'_>, name: &TableName) -> Result<Table, Error> {
    let missing = || {
        Error::Unusable(format!(
            "There is no table {} in this database. Name it as schema.table, quoted as SQL needs it.",
            name.0
        ))
    };
    search_path::theirs(client).await?;
    let named = "select pg_catalog.to_regclass($1)::pg_catalog.oid";
    let oid = match client.query_typed(named, &[(&name.0, Type::TEXT)]).await {
        Ok(rows) => rows.first().and_then(|row| row.get::<_, Option<u32>>(0)).ok_or_else(missing)?,
        // A name that SQL cannot read.
        Err(error) if error.code().is_some_and(|code| code.code().starts_with("42")) => {
            return Err(missing());
        }
        Err(error) => return Err(error.into()),
    };
    search_path::ours(client).await?;
    let sql = "select c.oid from pg_class c where c.oid = $1 and c.relkind in ('r', 'p', 'v', 'm')";
    if client.query_typed(sql, &[(&oid, Type::OID)]).await?.is_empty() {
        return Err(missing());
    }
    table(client, oid).await
}

/// A table and its columns.
async fn table(client: &Transaction<'_>, oid: u32) -> Result<Table, Error> {
    let found = tables(client, Some(oid)).await?.pop();
    found.ok_or_else(|| Error::Unusable("The table is gone.".to_owned()))
}

/// One table, or all of the application's, with their columns.
pub(super) async fn tables(client: &Transaction<'_>, oid: Option<u32>) -> Result<Vec<Table>, Error> {
    // Supabase's own schemas hold none of the application's.
    let sql = "
        select c.oid, format('%I.%I', n.nspname, c.relname), a.attname::text, quote_ident(a.attname),
          format_type(a.atttypid, a.atttypmod), t.typtype = 'e',
          exists (select from pg_index i
            where i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1 and i.indkey[0] = a.attnum),
          reference.confrelid, (select relname::text from pg_class where oid = reference.confrelid)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        left join lateral (
          select f.confrelid from pg_constraint f
          where f.contype = 'f' and f.conrelid = c.oid and f.conkey = array[a.attnum] limit 1)
          reference on true
        where c.oid = $1 or $1 is null and c.relkind in ('r', 'p') and not c.relispartition
          and n.nspname not like 'pg\\_%' and n.nspname not like 'supabase\\_%'
          and n.nspname not in ('information_schema', 'billing', 'billing_private', 'auth', 'storage',
            'realtime', 'vault',
            'graphql', 'graphql_public', 'extensions', 'pgsodium', 'cron', 'net')
        order by c.oid, a.attnum";
    let rows = client.query_typed(sql, &[(&oid, Type::OID)]).await?;
    let mut tables: Vec<Table> = Vec::new();
    for row in &rows {
        let oid: u32 = row.get(0);
        if tables.last().is_none_or(|table| table.oid != oid) {
            tables.push(Table { oid, name: row.get(1), columns: Vec::new() });
        }
        let column = Column {
            name: row.get(2),
            quoted: row.get(3),
            kind: row.get(4),
            is_enum: row.get(5),
            is_key: row.get(6),
            refers_to: row.get(7),
            refers_to_name: row.get(8),
        };
        if let Some(table) = tables.last_mut() {
            table.columns.push(column);
        }
    }
    Ok(tables)
}

/// That the role that asks may read the table, and sees all of its rows.
pub(super) async fn readable(client: &Transaction<'_>, table: &Table) -> Result<(), Error> {
    let sql = "select current_user::text, has_schema_privilege(c.relnamespace, 'usage')
            and has_table_privilege(c.oid, 'select'),
          case when c.relkind in ('r', 'p') then row_security_active(c.oid) else false end,
          pg_get_userbyid(c.relowner)::text
        from pg_class c where c.oid = $1";
    let rows = client.query_typed(sql, &[(&table.oid, Type::OID)]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (me, may_read, hidden): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
    let owner: String = row.get(3);
    if !may_read {
        return Err(Error::Unusable(format!(
            "{me} may not read {0}. Run billing adopt as {owner}, who owns it, or let {me} read it: grant \
             select on {0} to {me}.",
            table.name
        )));
    }
    if hidden {
        return Err(Error::Unusable(format!(
            "Row level security hides rows of {} from {me}, who would own the views, so that members would \
             be missing. Run billing adopt as a role that sees them all: {owner}, who owns it, unless it is \
             forced for the owner too, or one with BYPASSRLS (at Supabase: postgres).",
            table.name
        )));
    }
    Ok(())
}

/// Every read looks a member up by the ids of the user and the organization. An index of the user alone will
/// do, and takes longer the more organizations the user has.
pub(super) async fn indexed(
    client: &Transaction<'_>,
    members: &Table,
    user: &Column,
    org: &Column,
) -> Result<(), Error> {
    let sql = "select c.relkind = 'v' or exists (
          select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
          where i.indrelid = c.oid and i.indisvalid and i.indpred is null and a.attname = $2)
        from pg_class c where c.oid = $1";
    let rows = client.query_typed(sql, &[(&members.oid, Type::OID), (&user.name, Type::TEXT)]).await?;
    if rows.first().is_some_and(|row| row.get(0)) {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "{table} has no index that begins with {column}, and every read looks for it. Make one first: create \
         index concurrently on {table} ({}, {}).",
        user.quoted,
        org.quoted,
        table = members.name,
        column = user.name,
    )))
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name without what applications write differently: case and underscores.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
