//! Faults made on purpose: processes, servers and wires are made ill under load, and everything is right
//! afterwards.
// A test that cannot go on shall panic.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)]

#[path = "faults/check.rs"]
mod check;

use std::time::Duration;

use tests::faults::load::load;
use tests::faults::{named, play, table};

/// Makes a fault once.
async fn survives(name: &str) {
    let fault = named(name).unwrap();
    match play(fault, 1, Duration::ZERO).await {
        Ok(tally) => println!("{name}: {tally:?}"),
        Err(problem) => panic!("{name}: {problem}"),
    }
}

macro_rules! survives {
    ($($(#[$on:meta])* $sentence:ident: $name:literal,)*) => {
        $($(#[$on])* #[tokio::test] async fn $sentence() { survives($name).await })*
        const PLAYED: &[&str] = &[$($name),*];
    };
}

survives! {
    a_process_does_not_grow_over_20_000_requests: "memory",
    nothing_is_lost_when_the_database_is_killed: "database-killed",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_the_database_shuts_down_at_once: "database-stopped",
    #[cfg(feature = "every-fault")]
    #[cfg(target_os = "linux")]
    nothing_is_lost_when_the_disk_is_full: "disk-full",
    nothing_is_lost_when_the_database_stands_still: "database-frozen",
    nothing_is_lost_when_the_network_swallows_everything: "database-swallowed",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_the_network_is_slow_and_cut: "network-bad",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_the_network_loses_something: "network-lossy",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_a_statement_stands_still: "statement-frozen",
    #[cfg(feature = "every-fault")]
    one_organization_whose_lock_is_held_stops_no_other: "organization-locked",
    #[cfg(feature = "every-fault")]
    readers_are_told_at_once_that_no_connection_is_free: "connections-exhausted",
    what_readers_gave_up_does_not_pile_up_in_the_server: "statements-abandoned",
    nothing_is_lost_when_functions_are_killed: "function-killed",
    functions_that_stand_still_stop_no_other: "function-frozen",
    functions_that_reach_no_database_stop_no_other: "function-swallowed",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_clocks_jump: "clocks-jump",
    #[cfg(feature = "every-fault")]
    no_event_is_refused_when_the_secret_is_replaced_during_an_outage: "secret-replaced",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_stripe_is_slow: "stripe-slow",
    a_stripe_that_hangs_stops_no_event_that_needs_no_read: "stripe-hangs",
    #[cfg(feature = "every-fault")]
    a_stripe_that_throttles_stops_no_event_that_needs_no_read: "stripe-throttles",
    poison_stops_nobody_else: "poison",
    one_of_fifty_deliveries_at_once_is_applied: "duplicates",
    a_storm_on_one_organization_leaves_it_right: "storm",
    one_reconciliation_brings_back_what_a_failover_lost: "failover",
    one_reconciliation_brings_back_what_an_old_dump_lacks: "old-dump",
    #[cfg(feature = "every-fault")]
    nothing_is_lost_when_several_faults_come_at_once: "chaos",
}

#[tokio::test]
async fn more_clients_than_there_is_room_for_are_answered_or_refused_at_once() {
    let report = load(200, Duration::from_secs(5), 1).await.unwrap();
    println!("{report:?}");
    assert!(report.accepted > 0 && report.refused > 0, "{report:?}");
    // In KiB: far more than a process grows by chance, and less than waiting requests would take.
    assert!(report.growth < 16 * 1024, "{report:?}");
}

#[test]
fn every_fault_is_made_here_and_told_of_in_the_docs() {
    for fault in &tests::faults::FAULTS {
        assert!(PLAYED.contains(&fault.name), "{}", fault.name);
    }
    table::is_true().unwrap();
}
