//! What can happen at Stripe, and histories of it.

use proptest::prelude::*;

/// The paid plans' lookup keys, and one that nobody knows a plan for.
pub const PRICES: [&str; 5] = [
    "promptforge_pro_month",
    "promptforge_enterprise_month",
    "promptforge_pro_year",
    "promptforge_enterprise_year",
    "promptforge_pilot_month",
];

/// Something that a person or time does.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // Of the fields: they are what they are called.
pub enum Act {
    /// A subscription through the API. With a trial; named to its organization by metadata, or only by its
    /// customer.
    Subscribe { price: usize, trial: bool, named: bool },
    /// A subscription through a checkout page.
    Checkout { price: usize },
    /// The next period begins and is paid, or not.
    Renew { succeeds: bool },
    /// What is open is paid.
    Pay,
    /// Another price.
    ChangePlan { price: usize },
    /// Another quantity: one that was never there before.
    ChangeQuantity,
    /// A coupon is redeemed for a subscription, or all is taken off that was.
    Discount { redeems: bool },
    /// Collection is paused so that the service stops, or goes on.
    PauseCollection { void: bool },
    /// Collection goes on.
    ResumeCollection,
    /// The subscription is paused, as after a trial without a card.
    Pause,
    /// It is taken up again, or its end is taken back.
    Resume,
    /// It ends with its period.
    CancelAtPeriodEnd,
    /// Stripe gave up collecting.
    Unpaid,
    /// It ends.
    CancelNow,
    /// A stranger pays for the organization through a payment link, and types its id.
    Stranger { price: usize },
    /// Sales makes a subscription on a new customer, in the Dashboard.
    OtherCustomer { price: usize },
    /// A subscription's metadata names another organization.
    Move,
    /// An upgrade whose payment fails.
    FailedUpgrade { price: usize },
    /// A subscription at a price that nobody knows; named to its organization or only by its customer.
    UnknownPrice { named: bool },
    /// An add-on is bought once.
    BuyAddon,
    /// Money of an add-on goes back: all of it, or a part.
    Refund { full: bool },
    /// An add-on's payment is disputed; the account wins, or does not.
    Dispute { won: bool },
    /// A customer is deleted at Stripe, and its subscriptions end.
    DeleteCustomer,
    /// The application deletes an organization: its row, or only by a mark that its view leaves out.
    DeleteOrganization { marked: bool },
    /// And takes that back.
    RestoreOrganization,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long after the one before, in milliseconds.
    pub pass_ms: i64,
    /// What happens.
    pub act: Act,
    /// To which organization or subscription, counted round.
    pub target: usize,
}

/// A whole history, and the seed of how badly its events are delivered.
#[derive(Clone, Debug)]
pub struct History {
    /// How many organizations there are.
    pub organizations: usize,
    /// How many tasks deliver at once.
    pub workers: usize,
    /// Nothing is delivered before everything has happened.
    pub late: bool,
    /// How far Stripe's clock is ahead of ours, in milliseconds.
    pub skew_ms: i64,
    /// Of everything that chance decides while it is played.
    pub seed: u64,
    /// What happens, in this order.
    pub steps: Vec<Step>,
}

/// How large histories get.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Organizations at most.
    pub organizations: usize,
    /// Steps at most.
    pub steps: usize,
    /// Tasks that deliver at once, at most.
    pub workers: usize,
}

/// Histories up to a size. Shrinks to fewer and simpler steps.
pub fn histories(size: Size) -> impl Strategy<Value = History> {
    let steps = prop::collection::vec(step(), size.steps.div_ceil(3)..=size.steps);
    let late = prop::bool::weighted(0.25);
    (1..=size.organizations, 2..=size.workers, late, -60_000..=60_000_i64, any::<u64>(), steps).prop_map(
        |(organizations, workers, late, skew_ms, seed, steps)| History {
            organizations,
            workers,
            late,
            skew_ms,
            seed,
            steps,
        },
    )
}

impl History {
    /// Without what only makes sense while all organizations are there: whose a subscription is after a move
    /// to one that is gone, or after a stranger typed the id of one, depends on when its events come.
    pub fn skips(&self, act: &Act) -> bool {
        self.deletes() && matches!(act, Act::Move | Act::Stranger { .. } | Act::BuyAddon)
    }

    /// Some copies are thin events: what they stand for is read when they come.
    pub fn thin(&self) -> bool {
        self.seed.is_multiple_of(4)
    }

    /// Whether an organization is deleted in it, ever.
    pub fn deletes(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.act, Act::DeleteOrganization { .. }))
    }
}

fn step() -> impl Strategy<Value = Step> {
    // Several within one second, several within the margin of a read, some long after.
    let pass_ms = prop_oneof![4 => 0..300_i64, 2 => 300..3_000_i64, 1 => 3_000..60_000_i64];
    (pass_ms, act(), 0..1024_usize).prop_map(|(pass_ms, act, target)| Step { pass_ms, act, target })
}

fn act() -> impl Strategy<Value = Act> {
    let price = || 0..PRICES.len();
    prop_oneof![
        3 => (price(), any::<bool>(), any::<bool>())
            .prop_map(|(price, trial, named)| Act::Subscribe { price, trial, named }),
        1 => price().prop_map(|price| Act::Checkout { price }),
        3 => any::<bool>().prop_map(|succeeds| Act::Renew { succeeds }),
        2 => Just(Act::Pay),
        4 => price().prop_map(|price| Act::ChangePlan { price }),
        4 => Just(Act::ChangeQuantity),
        1 => any::<bool>().prop_map(|redeems| Act::Discount { redeems }),
        1 => any::<bool>().prop_map(|void| Act::PauseCollection { void }),
        1 => Just(Act::ResumeCollection),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::CancelAtPeriodEnd),
        1 => Just(Act::Unpaid),
        1 => Just(Act::CancelNow),
        2 => price().prop_map(|price| Act::Stranger { price }),
        1 => price().prop_map(|price| Act::OtherCustomer { price }),
        2 => Just(Act::Move),
        3 => price().prop_map(|price| Act::FailedUpgrade { price }),
        1 => any::<bool>().prop_map(|named| Act::UnknownPrice { named }),
        2 => Just(Act::BuyAddon),
        2 => any::<bool>().prop_map(|full| Act::Refund { full }),
        1 => any::<bool>().prop_map(|won| Act::Dispute { won }),
        1 => Just(Act::DeleteCustomer),
        1 => any::<bool>().prop_map(|marked| Act::DeleteOrganization { marked }),
        1 => Just(Act::RestoreOrganization),
    ]
}
