//! Who else used the machine while something was measured.

use std::fs;

use super::Processes;

/// Above either of these a measurement does not count: shares of all the machine's processor time.
const MOST_STOLEN: f64 = 0.02;
const MOST_OF_OTHERS: f64 = 0.05;

/// Shares of the machine's processor time that were not ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noise {
    /// Given to other machines by the hypervisor.
    pub stolen: f64,
    /// Of processes that are none of ours.
    pub others: f64,
}

impl Noise {
    /// Whether what was measured meanwhile says more about others than about us.
    pub fn is_disturbing(self) -> bool {
        self.stolen > MOST_STOLEN || self.others > MOST_OF_OTHERS
    }

    /// How much of it there is.
    pub fn total(self) -> f64 {
        self.stolen + self.others
    }
}

/// A look at the machine, to compare a later one with.
pub struct Watch {
    machine: Machine,
    ours: u64,
}

/// Ticks since the machine started (proc(5), `/proc/stat`).
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    total: u64,
    busy: u64,
    stolen: u64,
}

impl Watch {
    /// Begins now.
    pub fn start() -> Self {
        let machine = machine(&fs::read_to_string("/proc/stat").unwrap_or_default());
        Self { machine, ours: Processes::now().family_ticks(std::process::id()) }
    }

    /// What others did since then.
    pub fn noise(&self) -> Noise {
        let now = Self::start();
        let total = now.machine.total.saturating_sub(self.machine.total).max(1) as f64;
        let busy = now.machine.busy.saturating_sub(self.machine.busy);
        let ours = now.ours.saturating_sub(self.ours);
        Noise {
            stolen: now.machine.stolen.saturating_sub(self.machine.stolen) as f64 / total,
            others: busy.saturating_sub(ours) as f64 / total,
        }
    }
}

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice.
fn machine(stat: &str) -> Machine {
    let numbers: Vec<u64> = stat
        .lines()
        .next()
        .into_iter()
        .flat_map(|line| line.split_whitespace().skip(1))
        .filter_map(|number| number.parse().ok())
        .take(8)
        .collect();
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    Machine { total: numbers.iter().sum(), busy: at(0) + at(1) + at(2), stolen: at(7) }
}

/// The machine in a few words: processors and their name, memory, kernel.
pub fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let name = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = read("/proc/meminfo");
    let kilobytes: f64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    format!(
        "{count} processors ({}), {:.0} GB, Linux {}",
        name.map_or("name unknown", |(_, name)| name),
        kilobytes / 1024.0 / 1024.0,
        read("/proc/sys/kernel/osrelease").trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_work_and_guests_are_not_counted_twice() {
        let expected = Machine { total: 36, busy: 6, stolen: 8 };
        assert_eq!(machine("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 9 9 9\n"), expected);
    }

    #[test]
    fn a_little_of_either_is_borne_and_more_is_not() {
        let noise = |stolen, others| Noise { stolen, others }.is_disturbing();
        assert!(!noise(0.01, 0.04));
        assert!(noise(0.03, 0.0) && noise(0.0, 0.06));
    }
}
