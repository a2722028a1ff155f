//! The time that a customer lives in: a test clock's, or the emulator's.

use super::{Kind, Store};
use crate::wire::value::text;

impl Store {
    /// The time on a test clock, or the emulator's.
    pub(crate) fn now_of(&self, test_clock: Option<&str>) -> i64 {
        let clock = test_clock.and_then(|id| self.table(Kind::TestClock).get(id));
        clock.and_then(|clock| clock["frozen_time"].as_i64()).unwrap_or_else(|| self.now())
    }

    /// The test clock a customer lives on.
    pub(crate) fn clock_of(&self, customer: &str) -> Option<&str> {
        let customer = self.table(Kind::Customer).get(customer)?;
        Some(text(&customer["test_clock"])).filter(|clock| !clock.is_empty())
    }

    /// Works at the time a customer's test clock shows. Work that is already done at a lent time stays there.
    pub(crate) fn in_time_of<T>(&mut self, customer: &str, work: impl FnOnce(&mut Store) -> T) -> T {
        let clock = self.clock_of(customer).map(|clock| self.now_of(Some(clock)));
        if clock.is_none() || self.clock.is_lent() {
            return work(self);
        }
        self.clock.lend(clock);
        let result = work(self);
        self.clock.lend(None);
        result
    }
}
