//! Who is no member although there is a row: suspended, removed and invited people, by the names that such
//! columns usually have.

use super::table::Table;

/// A time that, once set, says that somebody or something is no more.
const ENDED_AT: [&str; 11] = [
    "deleted_at",
    "removed_at",
    "suspended_at",
    "deactivated_at",
    "disabled_at",
    "banned_at",
    "archived_at",
    "left_at",
    "revoked_at",
    "blocked_at",
    "ended_at",
];
/// A time that is missing until an invitation is accepted.
const BEGAN_AT: [&str; 3] = ["accepted_at", "joined_at", "confirmed_at"];
const ON: [&str; 5] = ["is_active", "active", "enabled", "is_enabled", "accepted"];
const OFF: [&str; 10] = [
    "is_suspended",
    "suspended",
    "is_deleted",
    "deleted",
    "is_disabled",
    "disabled",
    "is_banned",
    "is_blocked",
    "is_archived",
    "is_pending",
];
const STATUS: [&str; 4] = ["status", "state", "membership_status", "member_status"];

/// The condition that leaves them out. None: no column says so.
pub(super) fn usual(table: &Table) -> Option<String> {
    let clauses: Vec<String> = table
        .columns
        .iter()
        .filter_map(|column| {
            let (name, quoted) = (column.name.as_str(), &column.quoted);
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
