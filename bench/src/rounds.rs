//! Measurements take turns, so that what a machine does meanwhile hits all of them alike. What counts is the
//! median of the rounds that nobody disturbed.

use crate::machine::{Noise, Watch};
use crate::plan::Plan;
use crate::runtime::Sample;

/// Something to measure.
pub struct Measure<'a> {
    /// What it is, for the table.
    pub what: String,
    /// Requests at once.
    pub in_flight: u64,
    /// Measures once.
    pub run: Box<dyn FnMut() -> Sample + 'a>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it is.
    pub what: String,
    /// Requests at once.
    pub in_flight: u64,
    /// The medians.
    pub median: Sample,
    /// Rounds that count, and rounds that there were.
    pub rounds: (usize, usize),
    /// How much noise there was, in the rounds that count: the most.
    pub noise: Noise,
}

impl Measured {
    /// Whether every round was disturbed, so that disturbed ones had to count.
    pub fn is_disturbed(&self) -> bool {
        self.noise.is_disturbing()
    }
}

/// Measures three times at most, as long as the error says by this word that a lock was not had in time: the
/// disk stood still for a while, and Stripe would send the event once more.
pub fn until_locks_are_had(word: &str, attempt: impl Fn() -> Result<Sample, String>) -> Sample {
    let mut tries = 3;
    loop {
        match attempt() {
            Ok(sample) => return sample,
            Err(error) => {
                tries -= 1;
                assert!(tries > 0 && error.contains(word), "{error}");
            }
        }
    }
}

/// Measures each once, then each once more, and so on. After that, those again that were disturbed.
pub fn take_turns(plan: &Plan, mut measures: Vec<Measure<'_>>) -> Vec<Measured> {
    let mut all: Vec<Vec<(Sample, Noise)>> = measures.iter().map(|_| Vec::new()).collect();
    for round in 0..plan.rounds + plan.spare_rounds {
        for (measure, rounds) in measures.iter_mut().zip(&mut all) {
            let quiet = rounds.iter().filter(|(_, noise)| !noise.is_disturbing()).count();
            if round >= plan.rounds && quiet >= plan.rounds {
                continue;
            }
            let watch = Watch::start();
            let sample = (measure.run)();
            rounds.push((sample, watch.noise()));
            eprintln!("  {} at {}: {:.0}/s", measure.what, measure.in_flight, sample.per_second);
        }
    }
    let judged = measures.iter().zip(all).map(|(measure, rounds)| {
        let (median, noise, count) = judge(&rounds);
        Measured {
            what: measure.what.clone(),
            in_flight: measure.in_flight,
            median,
            rounds: (count, rounds.len()),
            noise,
        }
    });
    judged.collect()
}

/// The medians of the rounds that count: the quiet ones, or if there is none, the quietest.
fn judge(rounds: &[(Sample, Noise)]) -> (Sample, Noise, usize) {
    let mut counting: Vec<_> = rounds.iter().filter(|(_, noise)| !noise.is_disturbing()).copied().collect();
    if counting.is_empty() {
        let quietest = rounds.iter().copied().min_by(|a, b| a.1.total().total_cmp(&b.1.total()));
        counting.extend(quietest);
    }
    let of = |part: &dyn Fn(&Sample) -> Option<f64>| median(counting.iter().filter_map(|(s, _)| part(s)));
    let sample = Sample {
        per_second: of(&|sample| Some(sample.per_second)).unwrap_or_default(),
        p50: of(&|sample| sample.p50),
        p99: of(&|sample| sample.p99),
        function: of(&|sample| sample.function),
        database: of(&|sample| sample.database),
        load: of(&|sample| sample.load),
    };
    let loudest = counting.iter().map(|(_, noise)| *noise).max_by(|a, b| a.total().total_cmp(&b.total()));
    (sample, loudest.unwrap_or_default(), counting.len())
}

/// The one in the middle; of two in the middle, the lower. None: there are none.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(per_second: f64, others: f64) -> (Sample, Noise) {
        (Sample { per_second, ..Sample::default() }, Noise { stolen: 0.0, others })
    }

    #[test]
    fn the_median_of_the_quiet_rounds_counts() {
        let (sample, noise, count) =
            judge(&[round(1.0, 0.5), round(9.0, 0.0), round(8.0, 0.01), round(7.0, 0.0)]);
        assert_eq!((sample.per_second, count), (8.0, 3));
        assert!(!noise.is_disturbing());
    }

    #[test]
    fn if_all_were_disturbed_the_quietest_counts_and_says_so() {
        let (sample, noise, count) = judge(&[round(1.0, 0.5), round(2.0, 0.2)]);
        assert_eq!((sample.per_second, count), (2.0, 1));
        assert!(noise.is_disturbing());
    }

    #[test]
    fn measures_take_turns() {
        let turns = std::cell::RefCell::new(String::new());
        let measure = |name: &'static str| Measure {
            what: name.to_owned(),
            in_flight: 1,
            run: Box::new(|| {
                turns.borrow_mut().push_str(name);
                Sample::default()
            }),
        };
        let plan = Plan { rounds: 2, spare_rounds: 0, ..Plan::QUICK };
        assert_eq!(take_turns(&plan, vec![measure("a"), measure("b")]).len(), 2);
        assert_eq!(*turns.borrow(), "abab");
    }
}
