//! The table of faults in `docs/RELIABILITY.md`: what is done and what must hold is said once, in `list`, and
//! what was measured is written beside it.

use std::fs;
use std::path::PathBuf;

use super::{FAULTS, Fault, POOLED, Tally};

const HEAD: &str = "| fault | what is done | what must hold besides | events | deliveries, of which failed | \
                    reads, of which refused | seconds |\n|---|---|---|---|---|---|---|\n";

/// A row, without what was measured.
fn begin(fault: &Fault) -> String {
    format!("| `{}` | {} | {} |", fault.name, fault.done, fault.holds).replace("|  |", "| |")
}

fn path() -> PathBuf {
    crate::root().join("docs/RELIABILITY.md")
}

/// The text before the table, its rows, and the text after it.
fn split(page: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (before, rest) = page.split_once(HEAD)?;
    let length = rest.lines().take_while(|line| !line.is_empty()).map(|line| line.len() + 1).sum();
    let (table, after) = rest.split_at(length);
    Some((before, table.lines().collect(), after.trim_start()))
}

/// Which rows do not say what the faults are, if any.
///
/// # Errors
/// The rows that should be there.
pub fn is_true() -> Result<(), String> {
    let page = fs::read_to_string(path()).map_err(|error| error.to_string())?;
    let (_, rows, _) = split(&page).ok_or("there is no table")?;
    let faults = FAULTS.iter().chain([&POOLED]);
    let missing: Vec<String> =
        faults.map(begin).filter(|begin| !rows.iter().any(|row| row.starts_with(begin))).collect();
    match missing.is_empty() && rows.len() == FAULTS.len() + 1 {
        true => Ok(()),
        false => Err(format!("{} rows, and not among them: {missing:#?}", rows.len())),
    }
}

/// Writes what was measured of a fault into the table. The other rows keep their numbers.
///
/// # Errors
/// If the page cannot be read or written, or has no table.
pub fn write(measured: &Fault, tally: Tally) -> Result<(), String> {
    let page = fs::read_to_string(path()).map_err(|error| error.to_string())?;
    let (before, rows, after) = split(&page).ok_or("there is no table")?;
    let mut table = String::new();
    for fault in FAULTS.iter().chain([&POOLED]) {
        let name = format!("| `{}` |", fault.name);
        let old = rows.iter().find(|row| row.starts_with(&name));
        let numbers = if fault.name == measured.name {
            numbers(&tally)
        } else {
            old.map_or(" | | | |".to_owned(), |row| {
                let cells: Vec<&str> = row.split('|').collect();
                cells[cells.len() - 5..].join("|")
            })
        };
        table += &format!("{}{}\n", begin(fault), numbers.trim_end());
    }
    fs::write(path(), format!("{before}{HEAD}{table}\n{after}")).map_err(|error| error.to_string())
}

fn numbers(tally: &Tally) -> String {
    format!(
        " {} | {}, {} | {}, {} | {:.0} |",
        tally.events,
        tally.attempts,
        tally.failed,
        tally.reads,
        tally.refused,
        tally.time.as_secs_f32()
    )
}
