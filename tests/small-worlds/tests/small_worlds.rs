//! Every interleaving of a small world, and what each broken rule comes to.
#![allow(clippy::unwrap_used)] // A test that cannot go on shall panic.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use small_worlds::{
    AUDIT_CHAIN, Broken, Did, ENDS_AT_THE_TRUTH, NO_STATE_COMES_BACK, PLAN_FOLLOWS, Step, World,
};
use stateright::{Checker, HasDiscoveries, Model};

/// How six events can be shared out. Which of the two subscriptions has more makes no difference.
const SIX: [[u8; 2]; 4] = [[6, 0], [5, 1], [4, 2], [3, 3]];

/// Looks at a world whole, or until a rule does not hold. The number of moments, and which did not hold after
/// which steps.
fn look(world: World) -> (usize, Vec<(&'static str, Vec<Step>)>) {
    let checker = world.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let broken = checker.discoveries().into_iter().map(|(name, path)| (name, path.into_actions()));
    (checker.unique_state_count(), broken.collect())
}

fn holds(worlds: impl IntoIterator<Item = World>) -> (usize, BTreeSet<usize>) {
    let (mut moments, mut happened) = (0, BTreeSet::new());
    for world in worlds {
        let (count, broken) = look(world.clone());
        assert!(broken.is_empty(), "{world:?}: {broken:#?}");
        moments += count;
        happened.extend((0..Did::ALL.len()).filter(|did| world.did[*did].load(Ordering::Relaxed) > 0));
    }
    (moments, happened)
}

#[test]
fn six_events_of_two_subscriptions_end_at_the_truth_in_every_order() {
    let worlds = SIX.map(|changes| World { changes, ends: true, long_passes: 1, ..World::default() });
    let (moments, happened) = holds(worlds);
    assert!(moments > 1_000_000, "{moments}");
    // Without the comparison, which alone repairs.
    assert_eq!(happened.len(), Did::ALL.len() - 1, "{happened:?}");
}

#[test]
fn with_the_comparison_and_a_clock_that_is_wrong_they_do_too() {
    let worlds = [-1, 1].into_iter().flat_map(|skew| {
        SIX.map(|changes| World { changes, ends: true, short_passes: 1, reads: 1, skew, ..World::default() })
    });
    let (moments, happened) = holds(worlds);
    assert!(moments > 4_000_000, "{moments}");
    assert_eq!(happened.len(), Did::ALL.len(), "{happened:?}");
}

#[test]
fn three_events_do_too_however_far_apart_they_are() {
    let worlds = [-1, 0, 1].into_iter().flat_map(|skew| {
        [[3, 0], [2, 1]].map(|changes| World {
            changes,
            short_passes: 2,
            long_passes: 1,
            reads: 1,
            skew,
            ..World::default()
        })
    });
    let (moments, happened) = holds(worlds);
    assert!(moments > 1_000_000, "{moments}");
    assert_eq!(happened.len(), Did::ALL.len(), "{happened:?}");
}

#[test]
fn each_broken_rule_has_a_counterexample() {
    let cases = [
        (Broken::Ordering, NO_STATE_COMES_BACK),
        (Broken::Version, NO_STATE_COMES_BACK),
        (Broken::SweepVersion, NO_STATE_COMES_BACK),
        (Broken::Lock, AUDIT_CHAIN),
        (Broken::Claim, ENDS_AT_THE_TRUTH),
        (Broken::Span, ENDS_AT_THE_TRUTH),
        (Broken::Boundary, NO_STATE_COMES_BACK),
        (Broken::Margin, ENDS_AT_THE_TRUTH),
    ];
    for (broken, expected) in cases {
        let world = World {
            changes: if broken == Broken::Lock { [1, 1] } else { [3, 0] },
            short_passes: 2,
            long_passes: 1,
            reads: 1,
            skew: 1,
            broken: Some(broken),
            ..World::default()
        };
        let until = HasDiscoveries::AllOf(BTreeSet::from([expected]));
        let checker = world.checker().threads(2).finish_when(until).spawn_bfs().join();
        assert!(checker.discovery(expected).is_some(), "{broken:?} was not noticed");
    }
}

#[test]
fn a_clock_that_is_wrong_by_more_than_the_margin_is_noticed() {
    // Half seconds. What is known to be in the row ends too late, or what may be in it ends too early.
    for skew in [3, -6] {
        let world =
            World { changes: [3, 0], short_passes: 3, long_passes: 1, reads: 1, skew, ..World::default() };
        let (_, broken) = look(world);
        assert!(!broken.is_empty(), "{skew} half seconds");
        assert!(broken.iter().all(|(name, _)| *name != PLAN_FOLLOWS && *name != AUDIT_CHAIN), "{broken:#?}");
    }
}
