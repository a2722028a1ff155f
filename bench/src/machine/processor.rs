//! How much of a processor processes took, and their memory.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Duration;

/// What all of a process's threads ran, by the kernel's count in nanoseconds (`schedstat`).
pub fn ran(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let ran = threads.filter_map(|thread| {
        let said = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        said.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ran.sum())
}

/// What each process of a family had run at a moment.
pub struct Clocks(HashMap<u32, Duration>);

impl Clocks {
    /// A process and all below it, now.
    pub fn of_family(root: u32) -> Self {
        Self(Processes::now().family(root).into_iter().map(|pid| (pid, ran(pid))).collect())
    }

    /// What they ran since then. One that has ended meanwhile is left out: what it ran before would count as
    /// less than nothing.
    pub fn since(&self, before: &Self) -> Duration {
        let so_far = |pid| before.0.get(pid).copied().unwrap_or_default();
        self.0.iter().map(|(pid, now)| now.saturating_sub(so_far(pid))).sum()
    }
}

/// The most memory that a process ever had, in MB (`VmHWM`).
pub fn peak_megabytes(pid: u32) -> f64 {
    megabytes(pid, "VmHWM:")
}

/// The memory that a process has now, in MB (`VmRSS`).
pub fn resident_megabytes(pid: u32) -> f64 {
    megabytes(pid, "VmRSS:")
}

fn megabytes(pid: u32, field: &str) -> f64 {
    let said = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = said.lines().find_map(|line| line.strip_prefix(field)).expect("the field is always there");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// All processes of the machine at one moment.
pub struct Processes(HashMap<u32, Process>);

struct Process {
    parent: u32,
    ticks: u64,
}

impl Processes {
    /// As they are now.
    pub fn now() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let processes = entries.filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, process(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
        });
        Self(processes.collect())
    }

    /// A process and all below it.
    pub fn family(&self, root: u32) -> Vec<u32> {
        let (mut family, mut next) = (HashSet::new(), vec![root]);
        while let Some(pid) = next.pop() {
            if family.insert(pid) {
                next.extend(self.0.iter().filter(|(_, process)| process.parent == pid).map(|(pid, _)| *pid));
            }
        }
        family.into_iter().collect()
    }

    /// Processor time of a process and all below it, those that have ended included, in the kernel's ticks.
    pub fn family_ticks(&self, root: u32) -> u64 {
        self.family(root).iter().filter_map(|pid| self.0.get(pid)).map(|process| process.ticks).sum()
    }
}

/// `pid (name) state ppid ...`: a name may hold anything.
fn process(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // utime, stime, and the same of children that were waited for.
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Process { parent: fields.get(1)?.parse().ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let line = "7 (a (b) 1 2) S 3 7 7 0 -1 4194304 100 200 0 0 11 12 13 14 20 0 1 0 5 6";
        let process = process(line).unwrap();
        assert_eq!((process.parent, process.ticks), (3, 50));
    }

    #[test]
    fn a_process_that_has_ended_takes_nothing_from_what_others_ran() {
        let clocks = |ran: &[(u32, u64)]| {
            Clocks(ran.iter().map(|(pid, seconds)| (*pid, Duration::from_secs(*seconds))).collect())
        };
        let (before, after) = (clocks(&[(1, 10), (2, 500)]), clocks(&[(1, 12), (3, 4)]));
        assert_eq!(after.since(&before), Duration::from_secs(6));
    }

    #[test]
    fn this_test_has_run_a_little_and_belongs_to_its_own_family() {
        let pid = std::process::id();
        assert!(ran(pid) > Duration::ZERO);
        assert!(peak_megabytes(pid) >= resident_megabytes(pid) / 2.0);
        assert!(Processes::now().family(pid).contains(&pid));
        assert!(Clocks::of_family(pid).since(&Clocks(HashMap::new())) > Duration::ZERO);
    }
}
