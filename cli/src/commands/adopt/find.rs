//! The application's tables of organizations and members, found by their shape and their names: a table with
//! a UUID key, and one that points at it and names a user.

use tokio_postgres::Transaction;

use super::Error;
use super::table::{self, Column, Table, TableName, plain};

/// What applications call their organizations, without case and underscores.
const ORGANIZATIONS: [&str; 18] = [
    "organizations",
    "organization",
    "organisations",
    "organisation",
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
    "group",
];
/// And the column that names one.
const ORGS: [&str; 10] = [
    "orgid",
    "organizationid",
    "organisationid",
    "teamid",
    "workspaceid",
    "accountid",
    "companyid",
    "tenantid",
    "groupid",
    "org",
];
/// And the column that names a user.
const USERS: [&str; 9] = [
    "userid",
    "profileid",
    "memberid",
    "useruuid",
    "personid",
    "authuserid",
    "authid",
    "user",
    "supabaseuserid",
];
/// And the tables whose rows are the users themselves.
const PEOPLE: [&str; 7] = ["users", "user", "profiles", "profile", "people", "person", "members"];

/// Two tables, and how well they fit.
struct Candidate {
    organizations: Table,
    members: Table,
    score: u32,
}

/// A table's name without its schema.
fn bare(table: &Table) -> String {
    plain(table.name.rsplit('.').next().unwrap_or(&table.name))
}

/// The one pair that fits, or a sentence that lists those that may.
pub(super) async fn pair(
    client: &Transaction<'_>,
    organizations: Option<&TableName>,
    members: Option<&TableName>,
) -> Result<(Table, Table), Error> {
    let all = table::tables(client, None).await?;
    let one_or_all = async |named: Option<&TableName>| match named {
        Some(name) => table::named(client, name).await.map(|table| vec![table]),
        None => Ok(all.clone()),
    };
    let (left, right) = (one_or_all(organizations).await?, one_or_all(members).await?);
    let mut candidates: Vec<Candidate> =
        left.iter().flat_map(|table| right.iter().filter_map(|other| candidate(table, other))).collect();
    candidates.sort_by(|one, other| {
        other.score.cmp(&one.score).then_with(|| one.members.name.cmp(&other.members.name))
    });
    let best = candidates.first().map(|candidate| candidate.score).unwrap_or_default();
    candidates.retain(|candidate| candidate.score == best);
    let pairs: Vec<String> = candidates
        .iter()
        .take(4)
        .map(|pair| format!("{} with {}", pair.organizations.name, pair.members.name))
        .collect();
    match candidates.into_iter().next() {
        None => Err(Error::Unusable(
            "No table with a UUID key was found that a table with a user's id (a UUID too) points at. Name \
             both: billing adopt --organizations TABLE --members TABLE."
                .to_owned(),
        )),
        Some(first) if pairs.len() == 1 => Ok((first.organizations, first.members)),
        Some(_) => Err(Error::Unusable(format!(
            "It is not clear which tables hold organizations and members: {}. Name both: billing adopt \
             --organizations TABLE --members TABLE.",
            pairs.join(", or ")
        ))),
    }
}

/// None: they cannot be a pair, or only have the shape of one, which many tables have.
fn candidate(organizations: &Table, members: &Table) -> Option<Candidate> {
    let key = organizations.columns.iter().find(|column| column.is_key)?;
    let (organization, member) = (bare(organizations), bare(members));
    if organizations.oid == members.oid || key.kind != "uuid" || PEOPLE.contains(&organization.as_str()) {
        return None;
    }
    let org = org_column(members, organizations)?;
    if org.kind != "uuid" || member.contains("invit") || member.contains("request") {
        return None;
    }
    user_column(members, org)?;
    let is_usual = ORGANIZATIONS.contains(&organization.as_str());
    let is_members = member.contains("member") || member.contains("seat");
    let is_people = PEOPLE.contains(&member.as_str()) || member.contains("user");
    if !is_usual && !is_members {
        return None;
    }
    let mut score = 4 * u32::from(is_usual) + 3 * u32::from(is_members) + 2 * u32::from(is_people);
    score +=
        u32::from(role_column(members).is_some()) + 2 * u32::from(org.refers_to == Some(organizations.oid));
    (score >= 5).then(|| Candidate { organizations: organizations.clone(), members: members.clone(), score })
}

/// The column with the organization's id: the foreign key, else one with a usual name.
pub(super) fn org_column<'a>(members: &'a Table, organizations: &Table) -> Option<&'a Column> {
    let referring = members.columns.iter().find(|column| column.refers_to == Some(organizations.oid));
    let organization = bare(organizations);
    let named = || {
        let own = [format!("{organization}id"), format!("{}id", organization.trim_end_matches('s'))];
        let is_own = |column: &&Column| own.contains(&plain(&column.name)) && column.refers_to.is_none();
        members.columns.iter().find(is_own).or_else(|| {
            ORGANIZATIONS
                .contains(&organization.as_str())
                .then(|| members.first_of(&ORGS, |column| column.refers_to.is_none()))?
        })
    };
    referring.or_else(named)
}

/// The column with the user's id: one with a usual name, else the only other UUID that refers to a table of
/// users, else the key of a table whose rows are the users.
pub(super) fn user_column<'a>(members: &'a Table, org: &Column) -> Option<&'a Column> {
    let possible = |column: &&Column| column.kind == "uuid" && column.name != org.name;
    let usual = members.first_of(&USERS, |column| possible(&column));
    if usual.is_some() {
        return usual;
    }
    if PEOPLE.contains(&bare(members).as_str()) {
        return members.columns.iter().filter(possible).find(|column| column.is_key);
    }
    let mut users = members.columns.iter().filter(possible).filter(|column| {
        column.refers_to_name.as_deref().is_some_and(|table| PEOPLE.contains(&plain(table).as_str()))
    });
    match (users.next(), users.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// The column with the role: `role`, else the only one of text or an enum whose name says role.
pub(super) fn role_column(members: &Table) -> Option<&Column> {
    let exact =
        members.first_of(&["role", "memberrole", "rolename", "accesslevel", "permission"], Column::is_text);
    let mut named =
        members.columns.iter().filter(|column| column.is_text() && plain(&column.name).contains("role"));
    exact.or_else(|| match (named.next(), named.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    })
}
