//! What becomes of events on their way to webhook endpoints: held, released in any order, repeated, late,
//! lost.

use std::time::Duration;

use super::Emulator;
use crate::delivery::mode::{DeliveryMode, Order};
use crate::wire::errors::ApiError;

impl Emulator {
    /// How events are delivered from now on.
    pub fn set_delivery(&self, mode: DeliveryMode) {
        self.shared.post_office.set_mode(mode);
    }

    /// How events are delivered at the moment.
    pub fn delivery(&self) -> DeliveryMode {
        self.shared.post_office.mode()
    }

    /// Queues up events until [`Emulator::release`].
    pub fn hold(&self) {
        self.shared.post_office.hold();
    }

    /// Ends the hold and sends what was held, one after another in this order. Answers how many there were.
    pub fn release(&self, order: Order) -> usize {
        self.shared.post_office.release(order)
    }

    /// Sends an event again to every endpoint it was addressed to, after a delay, past every hold.
    pub fn deliver(&self, event: &str, delay: Duration) -> Result<(), ApiError> {
        self.shared.post_office.deliver_copy(event, delay, "again")
    }

    /// Sends two copies of an event at the same time, after a delay.
    pub fn deliver_twice(&self, event: &str, delay: Duration) -> Result<(), ApiError> {
        self.shared.post_office.deliver_copy(event, delay, "one")?;
        self.shared.post_office.deliver_copy(event, delay, "two")
    }

    /// Takes an event out of delivery for good: no held copy, no retry.
    pub fn drop_event(&self, event: &str) -> Result<(), ApiError> {
        self.shared.post_office.drop_event(event)
    }
}
