//! The rules that keep the order of events, checked in small worlds: every moment that can follow from every
//! other one is looked at, by `stateright`. Two subscriptions of one organization change at Stripe, two
//! webhooks apply the events in any order and form and any number of times, the comparison of all
//! subscriptions reads Stripe beside them, any process may be gone at any step, answers come late, and our
//! clock is wrong.
//!
//! | file | what lives there |
//! |---|---|
//! | `oracle` | the rule of `billing_private.ordering` once more; `ordering_rule.rs` holds SQL to it |
//! | `rules` | the other rules, and how each can be broken |
//! | `state` | one moment |
//! | `steps` | what can happen next |
//!
//! A transaction is one step here, because it holds the organization's lock; without the lock it is two. That
//! PostgreSQL's locks and commits are so, the model test on a real database shows.

pub mod oracle;
pub mod rules;
pub mod state;
pub mod steps;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stateright::{Model, Property};

pub use rules::Broken;
use state::{State, Task, Wrong};
pub use steps::Step;

/// Longer than a read's margin, in half seconds.
pub const LONG: u8 = 14;

/// What a transaction came to. Counted, to see that a world is large enough for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// The event was processed already.
    Duplicate,
    /// The row had the event's state already.
    Covered,
    /// Stripe has to be asked.
    Read,
    /// The row changed while Stripe was asked.
    Conflict,
    /// What Stripe answered was written.
    WroteAnswer,
    /// What the event carries was written.
    WrotePayload,
    /// The comparison wrote what Stripe answered.
    Repaired,
}

impl Did {
    /// All, in the order in which they are counted.
    pub const ALL: [Self; 7] = [
        Self::Duplicate,
        Self::Covered,
        Self::Read,
        Self::Conflict,
        Self::WroteAnswer,
        Self::WrotePayload,
        Self::Repaired,
    ];
}

/// A world: how much can happen in it, and which rule is left out.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Changes of each subscription; each makes an event. Six together at most.
    pub changes: [u8; 2],
    /// The last change of each is its end.
    pub ends: bool,
    /// How often half a second passes.
    pub short_passes: u8,
    /// How often a time passes that is longer than any margin.
    pub long_passes: u8,
    /// Reads that the comparison of all subscriptions begins.
    pub reads: u8,
    /// How far the clock of the machine that answers a read is ahead of the one that dates events, in half
    /// seconds.
    pub skew: i8,
    /// The rule that is left out.
    pub broken: Option<Broken>,
    /// How often each of [`Did::ALL`] happened.
    pub did: Arc<[AtomicU64; 7]>,
}

/// Of the property that orders the states of a row.
pub const NO_STATE_COMES_BACK: &str = "no state comes back that a newer one has replaced";
/// Of the property that serializes an organization.
pub const AUDIT_CHAIN: &str = "each plan change begins where the one before ended";
/// Of the property that nothing is lost.
pub const ENDS_AT_THE_TRUTH: &str = "once every event is processed, each row is Stripe's state";
/// Of the property that rows and plan are written together.
pub const PLAN_FOLLOWS: &str = "the plan follows from the rows";

impl World {
    fn is_end(&self, subscription: usize, state: u8) -> bool {
        self.ends && state == self.changes[subscription]
    }

    pub(crate) fn did(&self, what: Did) {
        self.did[what as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            now: 10,
            passes: [self.short_passes, self.long_passes],
            subscriptions: Default::default(),
            writers: Default::default(),
            reader: Task::Idle,
            reads: self.reads,
            plan: [0, 0],
            wrong: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        for (subscription, one) in (0_u8..).zip(&state.subscriptions) {
            if one.state < self.changes[usize::from(subscription)] {
                actions.push(Step::Change { subscription });
            }
        }
        for long in [false, true] {
            if state.passes[usize::from(long)] > 0 {
                actions.push(Step::Pass { long });
            }
        }
        // Of two idle webhooks it does not matter which.
        if let Some(writer) = state.writers.iter().position(|task| *task == Task::Idle) {
            for (subscription, one) in (0_u8..).zip(&state.subscriptions) {
                for event in (0..one.state).filter(|event| one.open[usize::from(*event)].is_some()) {
                    for carries in [false, true] {
                        actions.push(Step::Deliver { writer, subscription, event, carries });
                    }
                }
            }
        }
        if state.reader == Task::Idle && state.reads > 0 {
            for (subscription, one) in (0_u8..).zip(&state.subscriptions) {
                if one.state > 0 {
                    actions.push(Step::Compare { subscription, listed: true });
                    if one.row.is_some() {
                        actions.push(Step::Compare { subscription, listed: false });
                    }
                }
            }
        }
        for process in 0..3 {
            match state.process(process) {
                Task::Idle => continue,
                Task::Asking(job) => {
                    for answer in job.least..=state.subscriptions[usize::from(job.subscription)].state {
                        actions.push(Step::Arrive { process, state: answer });
                    }
                }
                Task::Claimed(_) => actions.push(Step::Work { process }),
                Task::Open(..) => actions.push(Step::Commit { process }),
            }
            actions.push(Step::Crash { process });
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(self.after(state, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_STATE_COMES_BACK, |_, now| now.wrong != Some(Wrong::CameBack)),
            Property::<Self>::always(AUDIT_CHAIN, |_, now| now.wrong != Some(Wrong::ChainBroken)),
            Property::<Self>::always(ENDS_AT_THE_TRUTH, |_, now| {
                !is_at_rest(now) || stored(now) == now.subscriptions.map(|one| one.state)
            }),
            Property::<Self>::always(PLAN_FOLLOWS, |_, now| now.plan == stored(now)),
        ]
    }
}

fn stored(now: &State) -> [u8; 2] {
    now.subscriptions.map(|one| one.row.map_or(0, |row| row.state))
}

fn is_at_rest(now: &State) -> bool {
    now.writers.iter().chain([&now.reader]).all(|task| *task == Task::Idle)
        && now.subscriptions.iter().all(|one| one.open.iter().all(Option::is_none))
}
