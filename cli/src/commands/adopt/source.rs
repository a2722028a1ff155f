//! What is adopted: two tables of the application and their columns, checked one by one.

use serde::Serialize;
use tokio_postgres::Transaction;

use super::table::{Column, Table, indexed, named, readable};
use super::{Args, Error, filter, find};

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

/// What applications call the column with an organization's name.
const NAMES: [&str; 5] = ["name", "displayname", "title", "companyname", "slug"];

/// Finds what was not named, and checks all of it.
pub(super) async fn resolve(client: &Transaction<'_>, args: &Args) -> Result<Source, Error> {
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
    indexed(client, &members, user, org).await?;
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
            "{table}.{name} is {kind}, and an organization's id is a UUID. Give the table one and name it: \
             alter table {table} add column billing_id uuid not null default gen_random_uuid() unique; then \
             --id-column billing_id. The members table needs it too.",
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
                    "No column of {} refers to {}. Name the one that holds the organization's id: \
                     --org-column.",
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
            "{}.{} is {}, and a role is text or an enum. Where roles are rows of another table, make a view \
             of the members with the role's name, and adopt that.",
            members.name, column.name, column.kind
        ))),
        None if !args.buyers.iter().any(|role| role.trim() == "*") => Err(Error::Unusable(format!(
            "{} has no column that says what a member may do. Name it with --role-column, or let every \
             member change billing: --buyers '*'.",
            members.name
        ))),
        found => Ok(found),
    }
}
