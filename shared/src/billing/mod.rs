//! Operations that two callers share, or that take more than one step. Here the database and Stripe meet;
//! nowhere else.

pub mod apply_event;
pub mod contact;
pub mod keep_event;
pub mod limits;
pub mod portal_session;
pub mod price;
pub mod read_subscriptions;
pub mod reconcile;
pub mod replay_event;
pub mod route;
pub mod streak;
pub mod whole_subscription;

use crate::clock::Clock;
use crate::config::ForeignSubscriptions;
use crate::db::Db;
use crate::error::Error;
use crate::stripe::Stripe;

/// What operations work with. A part that is not configured is refused when an operation asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Resources<'a> {
    pub(crate) db: Option<&'a Db>,
    pub(crate) stripe: Option<&'a Stripe>,
    /// What tells the time: the machine's clock, or a test's.
    pub clock: &'a Clock,
    /// Days that a plan outlasts a failed payment.
    pub grace_days: i32,
    /// What to answer to an event of a subscription that belongs to no organization.
    pub foreign_subscriptions: ForeignSubscriptions,
}

impl<'a> Resources<'a> {
    /// The database.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] if `DATABASE_URL` is missing or malformed.
    pub fn db(&self) -> Result<&'a Db, Error> {
        self.db.ok_or(Error::Misconfigured("DATABASE_URL"))
    }

    /// Stripe's API.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] if `STRIPE_SECRET_KEY` is missing or malformed.
    pub fn stripe(&self) -> Result<&'a Stripe, Error> {
        self.stripe.ok_or(Error::Misconfigured("STRIPE_SECRET_KEY"))
    }
}
