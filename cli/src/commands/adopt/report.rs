//! What was adopted, or would be.

use std::fmt;

use serde::Serialize;

use super::Source;
use crate::outcome;
use crate::table;
use crate::words::counted;

/// What was adopted, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct Adopted {
    /// Nothing was changed.
    pub dry_run: bool,
    /// The tables and columns.
    pub source: Source,
    /// How many organizations there are.
    pub organizations: i64,
    /// How many members, over all organizations.
    pub members: i64,
    /// How many organizations have nobody who may change billing.
    pub without_buyer: i64,
    /// The roles that the members have, most frequent first.
    pub roles: Vec<RoleSeen>,
}

/// A role in the application's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleSeen {
    /// As the application writes it. None: the row has none.
    pub role: Option<String>,
    /// What it becomes: `owner`, `admin` or `member`.
    pub becomes: String,
    /// How many members have it.
    pub members: i64,
    /// How many rows with it are no members, by the condition.
    pub left_out: i64,
}

impl outcome::Report for Adopted {}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.source;
        writeln!(
            f,
            "Organizations  {}: id {}, name {}{}",
            s.organizations,
            s.id_column,
            s.name_column.as_deref().unwrap_or("none"),
            condition(s.organizations_where.as_deref())
        )?;
        writeln!(
            f,
            "Members        {}: organization {}, user {}, role {}{}",
            s.members,
            s.org_column,
            s.user_column,
            s.role_column.as_deref().unwrap_or("none"),
            condition(s.members_where.as_deref())
        )?;
        let left_out: i64 = self.roles.iter().map(|role| role.left_out).sum();
        writeln!(
            f,
            "Found          {}, {}; {} left out",
            counted(self.organizations.unsigned_abs(), "organization"),
            counted(self.members.unsigned_abs(), "member"),
            left_out
        )?;
        writeln!(f)?;
        let head = ["ROLE", "BECOMES", "MEMBERS", "LEFT OUT"].map(str::to_owned);
        let row = |seen: &RoleSeen| {
            [
                seen.role.clone().unwrap_or_else(|| "(none)".to_owned()),
                seen.becomes.clone(),
                seen.members.to_string(),
                seen.left_out.to_string(),
            ]
        };
        let rows: Vec<_> = std::iter::once(head).chain(self.roles.iter().map(row)).collect();
        table::write(f, &rows)?;
        if self.without_buyer > 0 {
            writeln!(
                f,
                "\n{} nobody who may change billing: see --buyers.",
                match self.without_buyer {
                    1 => "1 organization has".to_owned(),
                    many => format!("{many} organizations have"),
                }
            )?;
        }
        if self.dry_run { write!(f, "\nNothing was changed.") } else { Ok(()) }
    }
}

fn condition(sql: Option<&str>) -> String {
    sql.map(|sql| format!(",\n               where {sql}")).unwrap_or_default()
}
