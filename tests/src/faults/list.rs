//! All faults. `docs/RELIABILITY.md` has them in a table.

use super::world::USUAL;
use super::{Fault, Setting, chaos, crowd, database, disk, functions, loss, memory, pooler, stripe};

/// Finds one by its name.
pub fn named(name: &str) -> Option<&'static Fault> {
    FAULTS.iter().chain([&POOLED]).find(|fault| fault.name == name)
}

const NOTHING_ELSE: &str = "";
const OTHERS: &str = "the others go on meanwhile";

const fn fault(
    name: &'static str,
    done: &'static str,
    holds: &'static str,
    play: for<'a> fn(&'a super::World) -> super::Playing<'a>,
) -> Fault {
    Fault { name, done, holds, setting: USUAL, loses: false, play }
}

const ALONE: Setting = Setting { is_alone: true, ..USUAL };

/// All faults.
pub static FAULTS: [Fault; 26] = [
    Fault {
        setting: ALONE,
        ..fault("database-killed", "all processes of PostgreSQL get SIGKILL", NOTHING_ELSE, database::killed)
    },
    Fault {
        setting: ALONE,
        ..fault("database-stopped", "PostgreSQL shuts down at once", NOTHING_ELSE, database::stopped)
    },
    Fault {
        setting: ALONE,
        ..fault("database-frozen", "all processes of PostgreSQL get SIGSTOP", NOTHING_ELSE, database::frozen)
    },
    Fault {
        setting: ALONE,
        ..fault("disk-full", "PostgreSQL has no room for a commit, and ends", NOTHING_ELSE, disk::full)
    },
    fault(
        "database-swallowed",
        "the network to PostgreSQL swallows everything",
        "readers are told 503 with `Retry-After`",
        database::swallowed,
    ),
    fault(
        "network-bad",
        "the network to PostgreSQL is slow, is cut, refuses",
        NOTHING_ELSE,
        database::bad_wires,
    ),
    fault(
        "network-lossy",
        "of all that is sent between functions and PostgreSQL, a tenth is lost and sent again",
        NOTHING_ELSE,
        database::lossy,
    ),
    fault(
        "statement-frozen",
        "a process of PostgreSQL gets SIGSTOP within an event's transaction",
        NOTHING_ELSE,
        database::statement_frozen,
    ),
    fault(
        "organization-locked",
        "somebody holds one organization's lock",
        OTHERS,
        database::organization_locked,
    ),
    Fault {
        setting: ALONE,
        ..fault(
            "connections-exhausted",
            "PostgreSQL has no connection free",
            "readers are told at once",
            database::exhausted,
        )
    },
    fault(
        "statements-abandoned",
        "somebody holds a lock that readers need, and they give up",
        "what nobody waits for ends in the server",
        database::abandoned,
    ),
    fault("function-killed", "processes of both functions get SIGKILL", NOTHING_ELSE, functions::killed),
    fault("function-frozen", "half of the webhook's processes get SIGSTOP", OTHERS, functions::frozen),
    fault(
        "function-swallowed",
        "the network of half of the webhook's processes swallows everything",
        OTHERS,
        functions::swallowed,
    ),
    Fault {
        setting: Setting { clocks_jump: 200, ..USUAL },
        ..fault(
            "clocks-jump",
            "the clocks of the webhook's processes jump by up to 200 seconds, back and forth",
            NOTHING_ELSE,
            functions::clocks,
        )
    },
    Fault {
        setting: Setting { has_vault: true, ..USUAL },
        ..fault(
            "secret-replaced",
            "the signing secret is replaced while the database cannot be reached",
            "no event is refused",
            functions::secret_replaced,
        )
    },
    fault("stripe-slow", "Stripe answers reads late, and right", NOTHING_ELSE, stripe::slow),
    fault(
        "stripe-hangs",
        "Stripe takes reads and never answers",
        "events without a read go on",
        stripe::hangs,
    ),
    fault(
        "stripe-throttles",
        "Stripe answers reads with 429",
        "events without a read go on",
        stripe::throttles,
    ),
    fault(
        "poison",
        "one organization's rows raise an error, another's subscription cannot be read",
        OTHERS,
        stripe::poison,
    ),
    Fault {
        setting: Setting { webhooks: 50, readers: 1, is_quiet: true, ..USUAL },
        ..fault("duplicates", "50 processes get one event at once", "one applies it", crowd::duplicates)
    },
    Fault {
        setting: Setting { webhooks: 8, of_first: 20, organizations: 2, ..USUAL },
        ..fault("storm", "20 subscriptions of one organization change at once", NOTHING_ELSE, crowd::storm)
    },
    Fault {
        setting: Setting { has_replica: true, ..USUAL },
        loses: true,
        ..fault(
            "failover",
            "the primary is lost with its last commits, and the replica takes over",
            "one reconciliation brings them back",
            loss::failover,
        )
    },
    Fault {
        loses: true,
        ..fault(
            "old-dump",
            "the database is replaced by an older copy",
            "one reconciliation brings the rest back",
            loss::old_dump,
        )
    },
    Fault {
        setting: Setting { webhooks: 1, readers: 1, is_quiet: true, ..USUAL },
        ..fault("memory", "two processes answer 20,000 requests", "neither grows", memory::flat)
    },
    Fault {
        setting: ALONE,
        ..fault("chaos", "several of these at once, by chance", NOTHING_ELSE, chaos::chaos)
    },
];

/// What needs PgBouncer, which a developer's machine may lack.
pub static POOLED: Fault =
    fault("pooler-killed", "PgBouncer stands in between and gets SIGKILL", NOTHING_ELSE, pooler::killed);
