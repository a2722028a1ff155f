//! The organizations of a filled database, by number from 1, and what belongs to each (see
//! `bench/sql/people.sql`).

use std::ops::Range;

/// So many organizations: the first half pays, and is read; the second half has left, and comes back.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// How many.
    pub organizations: u64,
    /// Stripe's events that were processed before.
    pub events: u64,
}

impl Population {
    /// Organizations with a subscription.
    pub fn payers(self) -> u64 {
        self.organizations / 2
    }

    /// Organizations that buy again and again.
    pub fn buyers(self) -> u64 {
        self.organizations - self.payers()
    }

    /// A random payer, but for the first: it is the one with many subscriptions.
    pub fn payer(self) -> u64 {
        fastrand::u64(2..=self.payers())
    }

    /// A random buyer of those that the instance number `lane` of `lanes` has for itself, so that none buys
    /// twice at once.
    pub fn buyer(self, lane: u64, lanes: u64) -> u64 {
        let turns: Range<u64> = 0..self.buyers() / lanes;
        fastrand::u64(turns) * lanes + lane + self.payers() + 1
    }
}

/// An organization's id.
pub fn org(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The only member of the organization with that number.
pub fn person(number: u64) -> String {
    format!("00000000-0000-4000-9000-{number:012x}")
}

/// The organization's customer at Stripe.
pub fn customer(number: u64) -> String {
    format!("cus_{number:014x}")
}

/// A subscription of the organization. `serial`: 0 for the one that it had from the beginning.
pub fn subscription_id(number: u64, serial: u64) -> String {
    format!("sub_{serial:016x}{number:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_instances_have_a_buyer_in_common_and_no_buyer_pays() {
        let population = Population { organizations: 40, events: 0 };
        let buyers = |lane| (0..500).map(|_| population.buyer(lane, 3)).collect::<Vec<_>>();
        for lane in 0..3 {
            for buyer in buyers(lane) {
                assert!((21..=40).contains(&buyer) && (buyer - 21) % 3 == lane, "{buyer}");
            }
        }
        assert!((0..500).all(|_| (2..=20).contains(&population.payer())));
    }
}
