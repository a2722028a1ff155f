//! Random histories, delivered as badly as can be: the database ends at Stripe's truth, and no superseded
//! state ever comes back.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tests::model::{Size, histories, play};

#[test]
fn whatever_happens_at_stripe_and_however_its_events_arrive_the_database_ends_at_the_truth() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 24,
        max_shrink_time: 60_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let size = Size { organizations: 3, steps: 40, workers: 6 };
    let result = TestRunner::new(config).run(&histories(size), |history| {
        runtime.block_on(play(&history)).map(drop).map_err(TestCaseError::fail)
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
