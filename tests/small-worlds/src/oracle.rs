//! In which order states of a subscription count, when they come in any order: the rule of
//! `billing_private.ordering` once more, to be read, and to be tried with any history. A test holds the two
//! together.

/// What a subscription's row knows, in Unix seconds on Stripe's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowTimes {
    /// Every change up to then is in the row.
    pub known_through: i64,
    /// No change after then is in the row.
    pub may_include: i64,
    /// The subscription has ended, which is for good.
    pub ended: bool,
}

/// What to do with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The row has it already: claim the event, change nothing.
    Covered,
    /// It is newer than anything the row may have: write the state that it carries.
    Write,
    /// Only Stripe knows: read, and write that if the row did not change meanwhile.
    Read,
}

/// Decides what an event that was made at the second `created` is worth.
pub fn decide(row: Option<RowTimes>, created: i64, carries_subscription: bool) -> Decision {
    match row {
        Some(row) if row.ended || created <= row.known_through => Decision::Covered,
        Some(row) if created <= row.may_include => Decision::Read,
        _ if carries_subscription => Decision::Write,
        _ => Decision::Read,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::domain::ordering::{Answered, ReadTimes};

    use super::*;

    fn rows() -> impl Strategy<Value = RowTimes> {
        (0..100_i64, 0..10_i64, any::<bool>()).prop_map(|(known_through, span, ended)| RowTimes {
            known_through,
            may_include: known_through + span,
            ended,
        })
    }

    /// What a row holds while a history is played: a state, and its times.
    struct Row {
        state: usize,
        times: Option<RowTimes>,
    }

    impl Row {
        fn write(&mut self, state: usize, known_through: i64, may_include: i64) -> Result<(), TestCaseError> {
            prop_assert!(state >= self.state, "state {state} replaced {}", self.state);
            let before = self.times.map_or((-1, -1), |times| (times.known_through, times.may_include));
            self.state = state;
            self.times = Some(RowTimes {
                known_through: known_through.max(before.0),
                may_include: may_include.max(before.1),
                ended: false,
            });
            Ok(())
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn nothing_is_written_that_the_row_may_include_and_nothing_is_passed_over_that_it_may_lack(
            row in rows(), created in 0..120_i64, carries: bool
        ) {
            match decide(Some(row), created, carries) {
                Decision::Covered => prop_assert!(row.ended || created <= row.known_through),
                Decision::Write => prop_assert!(carries && !row.ended && created > row.may_include),
                Decision::Read => prop_assert!(!row.ended && created > row.known_through),
            }
        }

        #[test]
        fn a_later_event_is_never_worth_less(row in rows(), created in 0..120_i64, later in 0..20_i64) {
            let worth = |created| match decide(Some(row), created, true) {
                Decision::Covered => 0,
                Decision::Read => 1,
                Decision::Write => 2,
            };
            prop_assert!(worth(created + later) >= worth(created));
        }

        #[test]
        fn the_first_event_of_a_subscription_is_written_or_read(created in 0..120_i64, carries: bool) {
            let expected = if carries { Decision::Write } else { Decision::Read };
            prop_assert_eq!(decide(None, created, carries), expected);
        }

        /// States change at these tenths of a second; each makes an event that comes late by some tenths. A
        /// read takes some tenths, and Stripe's machines are some apart.
        #[test]
        fn in_any_order_no_state_comes_back_and_the_last_one_stands(
            changes in prop::collection::vec((0..30_i64, 0..200_i64, any::<bool>()), 1..12),
            takes in 0..=9_i64,
            apart in -9..=9_i64
        ) {
            let mut now = 1000;
            let mut history = Vec::new();
            for (state, (pause, late, carries)) in changes.into_iter().enumerate() {
                now += pause;
                history.push((now + late, now, state + 1, carries));
            }
            let truth = |at: i64| {
                let begun = history.iter().filter(|(_, made, ..)| *made <= at);
                begun.map(|(_, _, state, _)| *state).max().unwrap_or(0)
            };
            let mut arrivals = history.clone();
            arrivals.sort_unstable();
            let mut row = Row { state: 0, times: None };
            for (arrives, made, state, carries) in arrivals {
                let created = made.div_euclid(10);
                match decide(row.times, created, carries) {
                    Decision::Covered => {}
                    Decision::Write => row.write(state, created - 1, created)?,
                    Decision::Read => {
                        let answered = Answered { at: (arrives + takes + apart).div_euclid(10), took: 1 };
                        let read = ReadTimes::of(0, answered);
                        row.write(truth(arrives), read.known_through, read.may_include)?;
                    }
                }
            }
            prop_assert_eq!(row.state, history.len());
        }
    }
}
