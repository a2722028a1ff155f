//! What is adopted: two tables of the application and their columns, checked one by one.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Args, Error, filter, find};

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

/// Where organizations and members are read from. Names are quoted as SQL needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The table of organizations, with its schema.
    pub organizations: String,
    /// Its column with the id.
    pub id_column: String,
    /// Its column with the name. None: it has none, and the id stands for it.
    pub name_column: Option<String>,
    /// Which of its rows count. None: all.
    pub organizations_where: Option<String>,
    /// The table of members, with its schema.
    pub members: String,
    /// Its column with the organization's id.
    pub org_column: String,
    /// Its column with the user's id.
    pub user_column: String,
    /// Its column with the role. None: it has none.
    pub role_column: Option<String>,
    /// Which of its rows count. None: all.
    pub members_where: Option<String>,
    /// The roles that may change billing, in lower case. `*`: every one.
    pub buyers: Vec<String>,
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
        names.iter().find_map(|name| {
            self.columns.iter().find(|column| find::plain(&column.name) == *name && fits(column))
        })
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

/// What applications call the column with an organization's name.
const NAMES: [&str; 5] = ["name", "displayname", "title", "companyname", "slug"];

/// Finds what was not named, and checks all of it.
pub(super) async fn resolve(client: &Client, args: &Args) -> Result<Source, Error> {
    let (organizations, members) = match (&args.organizations, &args.members) {
        (Some(organizations), Some(members)) => {
            (named(client, organizations).await?, named(client, members).await?)
        }
        (organizations, members) => find::pair(client, organizations.as_ref(), members.as_ref()).await?,
    };
    for table in [&organizations, &members] {
        readable(client, table).await?;
    }
    let id = id_column(&organizations, args)?;
    let name = match &args.name_column {
        Some(name) => Some(organizations.column(name)?),
        None => organizations.first_of(&NAMES, |_| true),
    };
    let org = org_column(&members, &organizations, args)?;
    let user = user_column(&members, org, args)?;
    let role = role_column(&members, args)?;
    indexed(client, &members, user).await?;
    let condition = |given: &Option<String>, table: &Table| match given {
        Some(given) if given.trim().is_empty() => None,
        Some(given) => Some(given.trim().to_owned()),
        None => filter::usual(table),
    };
    Ok(Source {
        id_column: id.quoted.clone(),
        name_column: name.map(|column| column.quoted.clone()),
        organizations_where: condition(&args.organizations_where, &organizations),
        organizations: organizations.name,
        org_column: org.quoted.clone(),
        user_column: user.quoted.clone(),
        role_column: role.map(|column| column.quoted.clone()),
        members_where: condition(&args.members_where, &members),
        members: members.name,
        buyers: args.buyers.iter().map(|role| role.trim().to_lowercase()).collect(),
    })
}

/// A table that is named, with its columns.
pub(super) async fn named(client: &Client, name: &TableName) -> Result<Table, Error> {
    let sql = "select c.oid from pg_class c where c.oid = to_regclass($1) and c.relkind in ('r', 'p', 'v')";
    let found = match client.query_typed(sql, &[(&name.0, Type::TEXT)]).await {
        Ok(rows) => rows.first().map(|row| row.get::<_, u32>(0)),
        // A name that SQL cannot read.
        Err(error) if error.code().is_some_and(|code| code.code().starts_with("42")) => None,
        Err(error) => return Err(error.into()),
    };
    match found {
        Some(oid) => table(client, oid).await,
        None => Err(Error::Unusable(format!(
            "There is no table {} in this database. Name it as schema.table, quoted as SQL needs it.",
            name.0
        ))),
    }
}

/// A table and its columns.
async fn table(client: &Client, oid: u32) -> Result<Table, Error> {
    let found = tables(client, Some(oid)).await?.pop();
    found.ok_or_else(|| Error::Unusable("The table is gone.".to_owned()))
}

/// One table, or all of the application's, with their columns.
pub(super) async fn tables(client: &Client, oid: Option<u32>) -> Result<Vec<Table>, Error> {
    // Supabase's own schemas hold none of the application's.
    let sql = "
        select c.oid, format('%I.%I', n.nspname, c.relname), a.attname::text, quote_ident(a.attname),
          format_type(a.atttypid, a.atttypmod), t.typtype = 'e',
          exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1 and i.indkey[0] = a.attnum),
          reference.confrelid, (select relname::text from pg_class where oid = reference.confrelid)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        left join lateral (
          select f.confrelid from pg_constraint f
          where f.contype = 'f' and f.conrelid = c.oid and f.conkey = array[a.attnum] limit 1) reference on true
        where c.oid = $1 or $1 is null and c.relkind in ('r', 'p') and not c.relispartition
          and n.nspname not like 'pg\\_%' and n.nspname not like 'supabase\\_%'
          and n.nspname not in ('information_schema', 'billing', 'billing_private', 'auth', 'storage', 'realtime', 'vault',
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
async fn readable(client: &Client, table: &Table) -> Result<(), Error> {
    let sql = "select current_user::text, has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select'),
          case when c.relkind in ('r', 'p') then row_security_active(c.oid) else false end, pg_get_userbyid(c.relowner)::text
        from pg_class c where c.oid = $1";
    let rows = client.query_typed(sql, &[(&table.oid, Type::OID)]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (me, may_read, hidden): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
    let owner: String = row.get(3);
    if !may_read {
        return Err(Error::Unusable(format!(
            "{me} may not read {0}. Run billing adopt as {owner}, who owns it, or let {me} read it: grant select on {0} to {me}.",
            table.name
        )));
    }
    if hidden {
        return Err(Error::Unusable(format!(
            "Row level security hides rows of {} from {me}, who would own the views, so that members would be missing. Run billing adopt as a role that sees them all: {owner}, who owns it, unless it is forced for the owner too, or one with BYPASSRLS (at Supabase: postgres).",
            table.name
        )));
    }
    Ok(())
}

fn id_column<'a>(organizations: &'a Table, args: &Args) -> Result<&'a Column, Error> {
    let id = match &args.id_column {
        Some(name) => organizations.column(name)?,
        None => organizations.columns.iter().find(|column| column.is_key).ok_or_else(|| {
            Error::Unusable(format!(
                "{} has no primary key of one column. Name its id with --id-column.",
                organizations.name
            ))
        })?,
    };
    if id.kind != "uuid" {
        return Err(Error::Unusable(format!(
            "{table}.{name} is {kind}, and an organization's id is a UUID. Give the table one and name it: alter table {table} add column billing_id uuid not null default gen_random_uuid() unique; then --id-column billing_id. The members table needs it too.",
            table = organizations.name,
            name = id.name,
            kind = id.kind,
        )));
    }
    Ok(id)
}

fn org_column<'a>(members: &'a Table, organizations: &Table, args: &Args) -> Result<&'a Column, Error> {
    let found = match &args.org_column {
        Some(name) => members.column(name)?,
        None => {
            let mut referring =
                members.columns.iter().filter(|column| column.refers_to == Some(organizations.oid));
            if let (Some(one), Some(other)) = (referring.next(), referring.next()) {
                return Err(Error::Unusable(format!(
                    "{} refers to {} by {} and {}. Say which is the member's organization: --org-column.",
                    members.name, organizations.name, one.name, other.name
                )));
            }
            find::org_column(members, organizations).ok_or_else(|| {
                Error::Unusable(format!(
                    "No column of {} refers to {}. Name the one that holds the organization's id: --org-column.",
                    members.name, organizations.name
                ))
            })?
        }
    };
    is_uuid(members, found, "an organization's id")
}

fn user_column<'a>(members: &'a Table, org: &Column, args: &Args) -> Result<&'a Column, Error> {
    let found = match &args.user_column {
        Some(name) => members.column(name)?,
        None => find::user_column(members, org).ok_or_else(|| {
            Error::Unusable(format!(
                "It is not clear which column of {} holds the user's id. Name it: --user-column.",
                members.name
            ))
        })?,
    };
    is_uuid(members, found, "a user's id, the sub of access tokens,")
}

fn is_uuid<'a>(table: &Table, column: &'a Column, what: &str) -> Result<&'a Column, Error> {
    if column.kind == "uuid" {
        return Ok(column);
    }
    Err(Error::Unusable(format!(
        "{}.{} is {}, and {what} is a UUID. Name a column that holds one, or give the table one.",
        table.name, column.name, column.kind
    )))
}

fn role_column<'a>(members: &'a Table, args: &Args) -> Result<Option<&'a Column>, Error> {
    let found = match &args.role_column {
        Some(name) => Some(members.column(name)?),
        None => find::role_column(members),
    };
    match found {
        Some(column) if !column.is_text() => Err(Error::Unusable(format!(
            "{}.{} is {}, and a role is text or an enum. Where roles are rows of another table, make a view of the members with the role's name, and adopt that.",
            members.name, column.name, column.kind
        ))),
        None if !args.buyers.iter().any(|role| role.trim() == "*") => Err(Error::Unusable(format!(
            "{} has no column that says what a member may do. Name it with --role-column, or let every member change billing: --buyers '*'.",
            members.name
        ))),
        found => Ok(found),
    }
}

/// Every read looks a member up by the user's id.
async fn indexed(client: &Client, members: &Table, user: &Column) -> Result<(), Error> {
    let sql = "select c.relkind = 'v' or exists (
          select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
          where i.indrelid = c.oid and i.indisvalid and i.indpred is null and a.attname = $2)
        from pg_class c where c.oid = $1";
    let rows = client.query_typed(sql, &[(&members.oid, Type::OID), (&user.name, Type::TEXT)]).await?;
    if rows.first().is_some_and(|row| row.get(0)) {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "{table} has no index that begins with {column}, and every read looks for it. Make one first: create index concurrently on {table} ({quoted}).",
        table = members.name,
        column = user.name,
        quoted = user.quoted,
    )))
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
