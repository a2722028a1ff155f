//! As many requests as instances can answer: each gets its next one as soon as it has answered the last.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::clock::Clock;

use super::gate::Gate;
use super::instance::{Environment, Instance};
use super::lane::{Lane, Source};
use crate::machine::{Clocks, ran};

/// What one run measured. None: not measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Requests or calls a second.
    pub per_second: f64,
    /// Half took at most that long, in milliseconds.
    pub p50: Option<f64>,
    /// 99 of 100 took at most that long, in milliseconds.
    pub p99: Option<f64>,
    /// Processor time of the function for one, in microseconds.
    pub function: Option<f64>,
    /// Processor time of PostgreSQL for one, in microseconds.
    pub database: Option<f64>,
    /// Processor time of the load's own for one, in microseconds.
    pub load: Option<f64>,
}

/// Requests of each instance before the first one counts: it connects, and both sides fill their caches.
pub const TO_WARM: u32 = 30;

/// Starts an instance for each source, and keeps all of them busy for so long. `to_warm`: requests of each
/// instance before the first one counts; `server`: PostgreSQL's process.
///
/// # Errors
/// An answer that is not the right one: then something else was measured.
pub fn load(
    program: &Path,
    environment: &Environment,
    sources: Vec<Box<dyn Source>>,
    to_warm: u32,
    time: Duration,
    server: u32,
) -> Result<Sample, String> {
    let gate = Arc::new(Gate::default());
    // Far from now: no function hurries.
    let deadline = (Clock::System.now().as_second() + 3600) * 1000;
    let lanes: Vec<Lane> =
        sources.into_iter().map(|source| Lane::open(source, to_warm, &gate, deadline)).collect();
    let instances: Vec<Instance> =
        lanes.iter().map(|lane| Instance::start(program, &lane.address, environment)).collect();
    gate.wait_for(lanes.len());
    let clocks = || {
        let ours: Duration = instances.iter().map(|instance| ran(instance.pid())).sum();
        (ours, Clocks::of_family(server), ran(std::process::id()))
    };
    let (before, started) = (clocks(), Instant::now());
    gate.open(time);
    gate.wait_for(lanes.len());
    let after = clocks();
    // First the programs, which would complain of a Runtime API that is gone.
    drop(instances);
    gate.end();
    let mut times = Vec::new();
    let mut last = started;
    for lane in &lanes {
        let measured = lane.take();
        if let Some(wrong) = measured.wrong {
            return Err(format!("{} answered: {wrong}", program.display()));
        }
        times.extend(measured.times);
        last = last.max(measured.last.unwrap_or(started));
    }
    let count = times.len() as f64;
    assert!(count > 0.0, "{} answered nothing in time", program.display());
    let each = |time: Duration| Some(time.as_secs_f64() * 1e6 / count);
    let mut milliseconds: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
    milliseconds.sort_by(f64::total_cmp);
    Ok(Sample {
        per_second: count / (last - started).as_secs_f64(),
        p50: Some(quantile(&milliseconds, 0.5)),
        p99: Some(quantile(&milliseconds, 0.99)),
        function: each(after.0.saturating_sub(before.0)),
        database: each(after.1.since(&before.1)),
        load: each(after.2.saturating_sub(before.2)),
    })
}

/// The value below which this share of sorted values lies.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let sorted: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!((quantile(&sorted, 0.5), quantile(&sorted, 0.99)), (50.0, 99.0));
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
    }
}
