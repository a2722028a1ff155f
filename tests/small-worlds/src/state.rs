//! One moment of a small world: Stripe, our rows, and what each process is at.

/// Changes of one subscription at most.
pub const CHANGES: usize = 6;

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The time on Stripe's clock, in half seconds.
    pub now: u8,
    /// How often half a second may still pass, and a time longer than any margin.
    pub passes: [u8; 2],
    /// Both belong to one organization.
    pub subscriptions: [Subscription; 2],
    /// Two webhooks, in no order.
    pub writers: [Task; 2],
    /// The comparison of all subscriptions.
    pub reader: Task,
    /// Reads that the comparison may still begin.
    pub reads: u8,
    /// The states that the organization's plan was computed from.
    pub plan: [u8; 2],
    /// What went wrong.
    pub wrong: Option<Wrong>,
}

/// A subscription, at Stripe and with us. Its states are counted: 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subscription {
    /// How many changes there were: the number of its state now.
    pub state: u8,
    /// The second of each change, on Stripe's clock. None: it is not made, or its event is processed.
    pub open: [Option<i8>; CHANGES],
    /// Our row.
    pub row: Option<Row>,
}

/// A subscription's row. Its version is only ever compared for equality: [`Job::is_fresh`] says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    /// Which state it holds.
    pub state: u8,
    /// Every change up to then is in it.
    pub known_through: i8,
    /// No change after then is in it.
    pub may_include: i8,
}

/// What a process is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Nothing. A crash ends here, too.
    #[default]
    Idle,
    /// Stripe is asked.
    Asking(Job),
    /// Only without the lock: a transaction has seen this and has not committed.
    Open(Job, Option<u8>, Seen),
    /// Only with the claim outside: the event's claim is committed, and nothing else.
    Claimed(Job),
}

/// What is done about one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Job {
    /// Which subscription.
    pub subscription: u8,
    /// The event, by the number of its change, from 0. None: the comparison.
    pub event: Option<u8>,
    /// The event carries the subscription.
    pub carries: bool,
    /// The row still has the version that was noted before Stripe was asked.
    pub is_fresh: bool,
    /// Stripe's state when it was asked: it answers this one or a later one.
    pub least: u8,
    /// What the answer will know for certain, by the time at which Stripe was asked.
    pub known_through: i8,
}

/// What a transaction has read: the rows of the organization, and its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seen {
    /// Both rows.
    pub rows: [Option<Row>; 2],
    /// The plan.
    pub plan: [u8; 2],
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// A state was written over a newer one.
    CameBack,
    /// A plan change began at a plan that was no longer there.
    ChainBroken,
}

impl State {
    /// Forgets of the times what no event can tell any more, so that moments which behave alike are one.
    pub fn forget_old_times(&mut self) {
        for number in 0..2 {
            let one = &mut self.subscriptions[number];
            let oldest = one.open.iter().flatten().copied().fold((self.now / 2).cast_signed(), i8::min) - 1;
            if let Some(row) = &mut one.row {
                row.known_through = row.known_through.max(oldest);
                row.may_include = row.may_include.max(oldest);
            }
            for task in self.writers.iter_mut().chain([&mut self.reader]) {
                if let Task::Asking(job) = task
                    && usize::from(job.subscription) == number
                {
                    job.known_through = job.known_through.max(oldest);
                }
            }
        }
    }
}
