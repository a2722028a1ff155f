//! What each step does.

use crate::oracle::Decision;
use crate::rules::{self, Broken};
use crate::state::{Job, Seen, State, Task, Wrong};
use crate::{Did, World};

/// One step. Processes: 0 and 1 are the webhooks, 2 is the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Of the fields: they are what they are called.
pub enum Step {
    /// The subscription changes at Stripe, which makes an event.
    Change { subscription: u8 },
    /// Half a second passes, or a long time.
    Pass { long: bool },
    /// An event is delivered, the first time or once more.
    Deliver { writer: usize, subscription: u8, event: u8, carries: bool },
    /// The comparison asks Stripe for a list (no version is noted), or for one subscription.
    Compare { subscription: u8, listed: bool },
    /// What Stripe answered at some time since it was asked arrives, and is written if it may be.
    Arrive { process: usize, state: u8 },
    /// Only with the claim outside: the event's work is done.
    Work { process: usize },
    /// Only without the lock: a transaction commits.
    Commit { process: usize },
    /// The process is gone. So is the answer if it had committed: the event comes again.
    Crash { process: usize },
}

impl State {
    /// What a process is at.
    pub fn process(&self, process: usize) -> Task {
        if process < 2 { self.writers[process] } else { self.reader }
    }

    fn set(&mut self, process: usize, task: Task) {
        if process < 2 { self.writers[process] = task } else { self.reader = task }
    }

    fn created(&self, job: &Job) -> Option<i8> {
        self.subscriptions[usize::from(job.subscription)].open[usize::from(job.event?)]
    }
}

impl World {
    /// The moment after the step.
    pub fn after(&self, before: &State, step: Step) -> State {
        let mut state = before.clone();
        match step {
            Step::Change { subscription } => {
                let one = &mut state.subscriptions[usize::from(subscription)];
                one.open[usize::from(one.state)] = Some((state.now / 2).cast_signed());
                one.state += 1;
            }
            Step::Pass { long } => {
                state.passes[usize::from(long)] -= 1;
                state.now += if long { crate::LONG } else { 1 };
            }
            Step::Deliver { writer, subscription, event, carries } => {
                let job = Job {
                    subscription,
                    event: Some(event),
                    carries,
                    is_fresh: true,
                    least: 0,
                    known_through: 0,
                };
                if self.broken == Some(Broken::Claim) {
                    // Its second is kept: what is claimed is not open any more, and has to be known.
                    let created = state.created(&job).unwrap_or_default();
                    state.set(writer, Task::Claimed(Job { known_through: created, ..job }));
                    state.subscriptions[usize::from(subscription)].open[usize::from(event)] = None;
                } else {
                    self.begin(&mut state, writer, job, None);
                }
            }
            Step::Compare { subscription, listed } => {
                state.reads -= 1;
                // A list notes no version: then only a missing row is written.
                let is_fresh = !listed || state.subscriptions[usize::from(subscription)].row.is_none();
                let job =
                    Job { subscription, event: None, carries: false, is_fresh, least: 0, known_through: 0 };
                self.ask(&mut state, 2, job);
            }
            Step::Arrive { process, state: answer } => {
                if let Task::Asking(job) = state.process(process) {
                    self.begin(&mut state, process, job, Some(answer));
                }
            }
            Step::Work { process } => {
                if let Task::Claimed(job) = state.process(process) {
                    self.begin(&mut state, process, job, None);
                }
            }
            Step::Commit { process } => {
                if let Task::Open(job, answer, seen) = state.process(process) {
                    self.commit(&mut state, process, job, answer, seen);
                }
            }
            Step::Crash { process } => state.set(process, Task::Idle),
        }
        state.forget_old_times();
        // The webhooks are alike: their order is no difference.
        state.writers.sort_unstable();
        state
    }

    fn ask(&self, state: &mut State, process: usize, job: Job) {
        let (known_through, _) = rules::read_times(self.broken, state.now, self.skew);
        let least = state.subscriptions[usize::from(job.subscription)].state;
        state.set(process, Task::Asking(Job { least, known_through, carries: false, ..job }));
    }

    /// With the lock, a transaction sees and commits in one step, as far as its organization goes.
    fn begin(&self, state: &mut State, process: usize, job: Job, answer: Option<u8>) {
        let seen = Seen { rows: state.subscriptions.map(|one| one.row), plan: state.plan };
        if self.broken == Some(Broken::Lock) {
            state.set(process, Task::Open(job, answer, seen));
        } else {
            self.commit(state, process, job, answer, seen);
        }
    }

    fn commit(&self, state: &mut State, process: usize, job: Job, answer: Option<u8>, seen: Seen) {
        let subscription = usize::from(job.subscription);
        state.set(process, Task::Idle);
        let Some(event) = job.event else {
            if let Some(answer) = answer {
                self.compare(state, job, answer, seen);
            }
            return;
        };
        let claimed = (self.broken == Some(Broken::Claim)).then_some(job.known_through);
        let Some(created) = state.created(&job).or(claimed) else {
            self.did(Did::Duplicate);
            return;
        };
        let one = state.subscriptions[subscription];
        let row = seen.rows[subscription].map(|row| (row, self.is_end(subscription, row.state)));
        let mut worth = rules::worth(self.broken, row, created, job.carries);
        if answer.is_some() {
            let is_fresh = job.is_fresh || self.broken == Some(Broken::Version);
            worth = match worth {
                _ if is_fresh => Decision::Write,
                Decision::Covered => Decision::Covered,
                _ => {
                    self.did(Did::Conflict);
                    Decision::Read
                }
            };
        }
        match worth {
            Decision::Covered => self.did(Did::Covered),
            Decision::Read => {
                self.did(Did::Read);
                // Without the lock the version is the one that was seen, which may be an old one.
                let is_fresh = one.row == seen.rows[subscription];
                self.ask(state, process, Job { is_fresh, ..job });
                return;
            }
            Decision::Write => {
                let (new, times) = match answer {
                    Some(answer) => (answer, self.answer_times(state, &job)),
                    None => (event + 1, rules::payload_times(self.broken, created)),
                };
                self.did(if answer.is_some() { Did::WroteAnswer } else { Did::WrotePayload });
                if !self.write(state, subscription, new, times, seen) {
                    return;
                }
            }
        }
        state.subscriptions[subscription].open[usize::from(event)] = None;
    }

    fn answer_times(&self, state: &State, job: &Job) -> (i8, i8) {
        (job.known_through, rules::read_times(self.broken, state.now, self.skew).1)
    }

    fn compare(&self, state: &mut State, job: Job, answer: u8, seen: Seen) {
        let subscription = usize::from(job.subscription);
        if answer == seen.rows[subscription].map_or(0, |row| row.state) {
            return;
        }
        if job.is_fresh || self.broken == Some(Broken::SweepVersion) {
            self.did(Did::Repaired);
            let times = self.answer_times(state, &job);
            self.write(state, subscription, answer, times, seen);
        } else {
            self.did(Did::Conflict);
        }
    }

    /// Writes the row, and the plan that follows from both. False: rolled back, because another
    /// transaction made the row first.
    fn write(&self, state: &mut State, subscription: usize, new: u8, times: (i8, i8), seen: Seen) -> bool {
        let one = &mut state.subscriptions[subscription];
        let before = seen.rows[subscription];
        if before.is_none() && one.row.is_some() {
            return false;
        }
        if one.row.is_some_and(|row| row.state > new) {
            state.wrong = Some(Wrong::CameBack);
        }
        one.row = Some(rules::written(before, new, times));
        for task in state.writers.iter_mut().chain([&mut state.reader]) {
            if let Task::Asking(job) | Task::Open(job, ..) = task
                && usize::from(job.subscription) == subscription
            {
                job.is_fresh = false;
            }
        }
        let mut states = seen.rows.map(|row| row.map_or(0, |row| row.state));
        states[subscription] = new;
        if states != seen.plan {
            if state.plan != seen.plan && state.wrong.is_none() {
                state.wrong = Some(Wrong::ChainBroken);
            }
            state.plan = states;
        }
        true
    }
}
