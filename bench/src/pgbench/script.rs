//! pgbench's scripts: each transaction is one call, for an organization that is drawn anew.

use crate::requests::{Hole, STEPS};

const FLOOR_EVENT: &str = include_str!("../../sql/floor_event.pgbench");
const FLOOR_READ: &str = include_str!("../../sql/floor_read.pgbench");

/// What fills a hole, as an expression of pgbench's variables. `step`: of the subscription's life, from 0.
pub fn expression(hole: Hole, step: usize) -> String {
    let id = |begin: &str, variable: &str, digits: u8| {
        format!("('{begin}' || lpad(to_hex(:{variable}::bigint), {digits}, '0'))")
    };
    let long_id = |begin: &str, variable: &str| {
        format!("({} || lpad(to_hex(:n::bigint), 8, '0'))", id(begin, variable, 16))
    };
    match hole {
        Hole::Event => long_id("evt_", "event"),
        Hole::Created => format!("(:now::bigint - :age::bigint + {step})"),
        Hole::Before => format!("(:now::bigint - :age::bigint + {step} - 1)"),
        Hole::Since => "(:now::bigint - :age::bigint)".to_owned(),
        Hole::Org => id("00000000-0000-4000-8000-", "n", 12),
        Hole::Person => id("00000000-0000-4000-9000-", "n", 12),
        Hole::Subscription => long_id("sub_", "serial"),
        Hole::Customer => id("cus_", "n", 14),
        // No statement has it.
        Hole::Token => "null".to_owned(),
    }
}

/// One call a transaction: a subscription is bought, moved and canceled, and then the next one.
pub fn events(steps: [String; 3]) -> String {
    let [created, updated, deleted] = steps;
    format!(
        "\\set step (:step % 3) + 1\n\
         \\if :step = 1\n\
         \\set n random(0, :buyers / :clients - 1) * :clients + :client_id + :payers + 1\n\
         \\set serial random(1, 4000000000000000000)\n\
         \\set age random(60, 1728000)\n\
         \\endif\n\
         \\set event random(1, 4000000000000000000)\n\
         \\if :step = 1\n{created}\n\\elif :step = 2\n{updated}\n\\else\n{deleted}\n\\endif\n"
    )
}

/// One read a transaction, by the member of a paying organization.
pub fn reads(read: &str) -> String {
    format!("\\set n random(2, :payers)\n{read}\n")
}

/// The floor's calls.
pub fn floor_events() -> String {
    let mut step = 0;
    events(STEPS.map(|(name, _)| {
        let sql = floor(FLOOR_EVENT, step).replace("@step@", name);
        step += 1;
        sql
    }))
}

/// The floor's reads.
pub fn floor_reads() -> String {
    reads(&floor(FLOOR_READ, 0))
}

fn floor(sql: &str, step: usize) -> String {
    let marks = [
        ("@event@", Hole::Event),
        ("@created@", Hole::Created),
        ("@since@", Hole::Since),
        ("@org@", Hole::Org),
        ("@person@", Hole::Person),
        ("@subscription@", Hole::Subscription),
        ("@customer@", Hole::Customer),
    ];
    marks.iter().fold(sql.to_owned(), |sql, (mark, hole)| sql.replace(mark, &expression(*hole, step)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_has_no_holes_left_and_one_statement_for_each_step() {
        let (events, reads) = (floor_events(), floor_reads());
        assert!(!events.contains('@') && !reads.contains('@'), "{events}{reads}");
        assert_eq!(events.matches("floor.apply").count(), 3);
    }
}
