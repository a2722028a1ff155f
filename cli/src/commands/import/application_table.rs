//! `--from-table SCHEMA.TABLE`: the application's own table, read as whoever the connection is.

use serde::Deserialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::claims::{Claim, Place};
use super::error::Error;
use super::problem::{Kind, Problem};
use crate::query;

/// Table names that are told where the right one is missing.
const NAMED: i64 = 20;

/// One part of a name, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: String,
    /// It was in double quotes: then it means exactly that.
    quoted: bool,
}

impl Part {
    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), quoted: false }
    }

    /// What it also may mean: PostgreSQL writes an unquoted name in small letters.
    fn folded(&self) -> String {
        if self.quoted { self.text.clone() } else { self.text.to_lowercase() }
    }
}

/// Names are quoted as far as they need it, by the database itself.
#[derive(Deserialize)]
struct Found {
    schema: String,
    table: String,
    columns: Vec<Column>,
    login: String,
    may_enter: bool,
    row_security: bool,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    quoted: String,
    readable: bool,
}

/// Reads who pays as which customer from the table.
pub(super) async fn read(
    client: &Client,
    table: &str,
    org_column: &str,
    customer_column: &str,
) -> Result<(Vec<Claim>, Option<Problem>), Error> {
    let (schema, name) = parse(table).ok_or_else(|| Error::TableName(table.to_owned()))?;
    let Some(found) = find(client, &schema, &name).await? else {
        let there = nearby(client, &schema).await?;
        return Err(Error::NoTable { name: format!("{}.{}", schema.text, name.text), there });
    };
    let org = column(&found, org_column, "org")?;
    let customer = column(&found, customer_column, "customer")?;
    may_read(&found, &[org, customer])?;
    let (table, org, customer) = (found.table.clone(), &org.quoted, &customer.quoted);
    let sql = format!(
        "select distinct to_jsonb(array[{org}::text, {customer}::text]) from {table}
            where {customer} is not null order by 1"
    );
    let rows: Vec<(Option<String>, String)> = query::all(client, &sql, &[]).await?;
    if rows.is_empty() && found.row_security {
        return Err(Error::Hidden { login: found.login, table });
    }
    let note = found.row_security.then(|| {
        let sentence = format!(
            "Row level security is on for {table}: only the rows that {} may see were read.",
            found.login
        );
        Problem::new(Kind::RowLevelSecurity, sentence)
    });
    let claims = rows.into_iter().map(|(org, customer)| {
        let org = org.unwrap_or_default();
        Claim { place: Place::Row(customer.clone()), org, customer }
    });
    Ok((claims.collect(), note))
}

/// `schema.table`, or `table` of the schema `public`; each part may stand in double quotes, where two mean
/// one.
fn parse(text: &str) -> Option<(Part, Part)> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = if let Some(inside) = rest.strip_prefix('"') {
            let mut end = None;
            let mut quotes = inside.char_indices().filter(|(_, c)| *c == '"').map(|(at, _)| at).peekable();
            while let Some(at) = quotes.next() {
                if quotes.next_if_eq(&(at + 1)).is_none() {
                    end = Some(at);
                    break;
                }
            }
            let end = end?;
            (Part { text: inside[..end].replace("\"\"", "\""), quoted: true }, &inside[end + 1..])
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            (Part::plain(&rest[..end]), &rest[end..])
        };
        if part.text.is_empty() || !part.quoted && part.text.contains('"') {
            return None;
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => return None,
        }
    }
    let name = parts.pop()?;
    let schema = parts.pop().unwrap_or_else(|| Part::plain("public"));
    parts.is_empty().then_some((schema, name))
}

async fn find(client: &Client, schema: &Part, name: &Part) -> Result<Option<Found>, Error> {
    const SQL: &str = "
        select jsonb_build_object('schema', pg_catalog.quote_ident(n.nspname::text),
          'login', pg_catalog.quote_ident(current_user::text),
          'table', pg_catalog.format('%I.%I', n.nspname, c.relname),
          'may_enter', has_schema_privilege(n.oid, 'usage'), 'row_security', row_security_active(c.oid),
          'columns', (
            select coalesce(jsonb_agg(jsonb_build_object('name', a.attname,
              'quoted', pg_catalog.quote_ident(a.attname::text),
              'readable', has_column_privilege(c.oid, a.attnum, 'select')) order by a.attnum), '[]')
            from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname in ($1, $2) and c.relname in ($3, $4)
        order by n.nspname <> $1, c.relname <> $3 limit 1";
    let (schema_folded, name_folded) = (schema.folded(), name.folded());
    let params: query::Params<'_> = &[
        (&schema.text, Type::TEXT),
        (&schema_folded, Type::TEXT),
        (&name.text, Type::TEXT),
        (&name_folded, Type::TEXT),
    ];
    Ok(query::one(client, SQL, params).await?)
}

/// What there is in that schema.
async fn nearby(client: &Client, schema: &Part) -> Result<String, Error> {
    const SQL: &str = "
        select to_jsonb(array(
          select c.relname::text from pg_class c
          where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
          order by c.relname limit $3))
        from pg_namespace n where n.nspname in ($1, $2) order by n.nspname <> $1 limit 1";
    let folded = schema.folded();
    let params: query::Params<'_> =
        &[(&schema.text, Type::TEXT), (&folded, Type::TEXT), (&NAMED, Type::INT8)];
    let tables: Option<Vec<String>> = query::one(client, SQL, params).await?;
    Ok(match tables {
        None => format!("There is no schema {} either", schema.text),
        Some(tables) if tables.is_empty() => format!("The schema {} has no table", schema.text),
        Some(tables) => format!("The schema {} has {}", schema.text, tables.join(", ")),
    })
}

fn column<'a>(found: &'a Found, wanted: &str, kind: &'static str) -> Result<&'a Column, Error> {
    let exact = found.columns.iter().find(|column| column.name == wanted);
    let folded = || found.columns.iter().find(|column| column.name == wanted.to_lowercase());
    exact.or_else(folded).ok_or_else(|| {
        let there: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        Error::NoTableColumn { table: found.table.clone(), column: wanted.to_owned(), kind, there }
    })
}

fn may_read(found: &Found, columns: &[&Column]) -> Result<(), Error> {
    let Found { schema, table, login, .. } = found;
    let mut grants = Vec::new();
    if !found.may_enter {
        grants.push(format!("grant usage on schema {schema} to {login}"));
    }
    if !columns.iter().all(|column| column.readable) {
        let names: Vec<&str> = columns.iter().map(|column| column.quoted.as_str()).collect();
        grants.push(format!("grant select ({}) on {table} to {login}", names.join(", ")));
    }
    if grants.is_empty() {
        return Ok(());
    }
    Err(Error::NoRight { login: login.clone(), table: table.clone(), grant: grants.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_postgresql_reads_them() {
        for (text, schema, name) in [
            ("public.subscriptions", "public", "subscriptions"),
            ("subscriptions", "public", "subscriptions"),
            ("App.Customers", "App", "Customers"),
            ("\"my.schema\".\"a \"\"b\"\"\"", "my.schema", "a \"b\""),
            ("\"a\"\"\".b", "a\"", "b"),
        ] {
            let (found_schema, found_name) = parse(text).unwrap();
            assert_eq!((found_schema.text.as_str(), found_name.text.as_str()), (schema, name), "{text}");
        }
        for text in ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "a\"b", "\"\""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
