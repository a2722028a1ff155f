//! Who is no member although there is a row: suspended, removed and invited people, by the names that such
//! columns usually have.

use super::table::{Table, plain};

/// Names without case and underscores. A time that, once set, says that somebody or something is no more.
const ENDED_AT: [&str; 11] = [
    "deletedat",
    "removedat",
    "suspendedat",
    "deactivatedat",
    "disabledat",
    "bannedat",
    "archivedat",
    "leftat",
    "revokedat",
    "blockedat",
    "endedat",
];
/// A time that is missing until an invitation is accepted.
const BEGAN_AT: [&str; 3] = ["acceptedat", "joinedat", "confirmedat"];
const ON: [&str; 5] = ["isactive", "active", "enabled", "isenabled", "accepted"];
const OFF: [&str; 10] = [
    "issuspended",
    "suspended",
    "isdeleted",
    "deleted",
    "isdisabled",
    "disabled",
    "isbanned",
    "isblocked",
    "isarchived",
    "ispending",
];
const STATUS: [&str; 4] = ["status", "state", "membershipstatus", "memberstatus"];

/// The condition that leaves them out. None: no column says so.
pub(super) fn usual(table: &Table) -> Option<String> {
    let clauses: Vec<String> = table
        .columns
        .iter()
        .filter_map(|column| {
            let (name, quoted) = (plain(&column.name), &column.quoted);
            let name = name.as_str();
            let is_time = column.kind.starts_with("timestamp") || column.kind == "date";
            let is_flag = column.kind == "boolean";
            if is_time && ENDED_AT.contains(&name) {
                Some(format!("{quoted} is null"))
            } else if is_time && BEGAN_AT.contains(&name) {
                Some(format!("{quoted} is not null"))
            } else if is_flag && ON.contains(&name) {
                Some(format!("{quoted} is true"))
            } else if is_flag && OFF.contains(&name) {
                Some(format!("{quoted} is not true"))
            } else if column.is_text() && STATUS.contains(&name) {
                Some(format!(
                    "lower({quoted}::text) in ('active', 'accepted', 'joined', 'enabled', 'member')"
                ))
            } else {
                None
            }
        })
        .collect();
    (!clauses.is_empty()).then(|| clauses.join(" and "))
}
