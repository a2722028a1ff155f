//! The application's tables of organizations and members, found by their shape: a table with a UUID key, and one that points at it and
//! names a user.

use tokio_postgres::Client;

use super::Error;
use super::source::{self, Column, Table, TableName, USERS};

/// What applications call their organizations.
const ORGANIZATIONS: [&str; 16] = [
    "organizations",
    "organization",
    "organisations",
    "orgs",
    "org",
    "teams",
    "team",
    "workspaces",
    "workspace",
    "accounts",
    "account",
    "companies",
    "company",
    "tenants",
    "tenant",
    "groups",
];

/// And the column that names one.
pub(super) const ORGS: [&str; 9] = [
    "org_id",
    "organization_id",
    "organisation_id",
    "team_id",
    "workspace_id",
    "account_id",
    "company_id",
    "tenant_id",
    "group_id",
];

/// Two tables, and how well they fit.
struct Candidate {
    organizations: Table,
    members: Table,
    score: u32,
}

/// The one pair that fits, or a sentence that lists those that may.
pub(super) async fn pair(
    client: &Client,
    organizations: Option<&TableName>,
    members: Option<&TableName>,
) -> Result<(Table, Table), Error> {
    // Supabase's own schemas hold none of the application's.
    let sql = "
        select f.confrelid, f.conrelid
        from pg_constraint f
        join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
        where f.contype = 'f' and cardinality(f.conkey) = 1 and f.confrelid <> f.conrelid
          and n.nspname not in ('pg_catalog', 'information_schema', 'billing', 'billing_private', 'auth', 'storage', 'realtime',
            'vault', 'graphql', 'graphql_public', 'extensions', 'pgsodium', 'supabase_functions', 'supabase_migrations', 'cron', 'net')
          and ($1::text is null or f.confrelid = to_regclass($1)) and ($2::text is null or f.conrelid = to_regclass($2))
        group by 1, 2";
    let (wanted, wanting) = (organizations.map(ToString::to_string), members.map(ToString::to_string));
    let text = tokio_postgres::types::Type::TEXT;
    let rows = client.query_typed(sql, &[(&wanted, text.clone()), (&wanting, text)]).await?;
    let mut candidates = Vec::new();
    for row in rows {
        let organizations = source::table(client, row.get(0)).await?;
        let members = source::table(client, row.get(1)).await?;
        candidates.extend(candidate(organizations, members));
    }
    candidates.sort_by(|one, other| {
        other.score.cmp(&one.score).then_with(|| one.members.name.cmp(&other.members.name))
    });
    let best = candidates.first().map(|candidate| candidate.score).unwrap_or_default();
    let equals = candidates.iter().take_while(|candidate| candidate.score == best).count();
    let named = organizations.is_some() || members.is_some();
    match candidates.into_iter().next() {
        None => Err(Error::Unusable(
            "No table with a UUID key was found that a table with a user's id (a UUID too) points at. Name both: billing adopt --organizations TABLE --members TABLE.".to_owned(),
        )),
        // A pair that only has the shape is anybody's: two names, or one that is usual, are needed.
        Some(first) if equals == 1 && (named || first.score >= 4) => Ok((first.organizations, first.members)),
        Some(first) => Err(Error::Unusable(format!(
            "It is not clear which tables hold organizations and members: {} and {}{}. Name both: billing adopt --organizations TABLE --members TABLE.",
            first.organizations.name,
            first.members.name,
            if equals > 1 { format!(", or {} more", equals - 1) } else { " only have the shape".to_owned() },
        ))),
    }
}

fn candidate(organizations: Table, members: Table) -> Option<Candidate> {
    let key = organizations.columns.iter().find(|column| column.is_key)?;
    let org = members.columns.iter().find(|column| column.refers_to == Some(organizations.oid))?;
    // What a user is belongs to every table in an application: a table of users is no organization.
    let bare = |name: &str| name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_lowercase();
    let (organization, member) = (bare(&organizations.name), bare(&members.name));
    if key.kind != "uuid"
        || org.kind != "uuid"
        || ["users", "user", "profiles", "profile"].contains(&organization.as_str())
    {
        return None;
    }
    user_column(&members, org)?;
    let mut score = 0;
    if ORGANIZATIONS.contains(&organization.as_str()) {
        score += 4;
    }
    if member.contains("member") {
        score += 3;
    } else if member.contains("user") {
        score += 1;
    }
    if member.contains("invit") || member.contains("request") {
        score = 0;
    }
    if members.columns.iter().any(|column| column.name == "role") {
        score += 1;
    }
    Some(Candidate { organizations, members, score })
}

/// The column with the user's id: one with a usual name, else the only other UUID that refers to a table of users.
pub(super) fn user_column<'a>(members: &'a Table, org: &Column) -> Option<&'a Column> {
    let possible = |column: &&Column| column.kind == "uuid" && column.name != org.name;
    let usual = USERS
        .iter()
        .find_map(|name| members.columns.iter().filter(possible).find(|column| column.name == *name));
    if usual.is_some() {
        return usual;
    }
    let mut users = members.columns.iter().filter(possible).filter(|column| {
        let table = column.refers_to_name.as_deref().unwrap_or_default();
        ["users", "user", "profiles", "profile", "people", "members"].contains(&table)
    });
    match (users.next(), users.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}
