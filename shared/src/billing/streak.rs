//! Whether a failure is the illness of one organization, or an outage that concerns everybody.

use std::collections::BTreeSet;

/// So many different organizations that fail in a row are an outage.
const SEVERAL: usize = 5;

/// The organizations that failed since the last success.
#[derive(Clone, Debug, Default)]
pub struct Streak {
    organizations: BTreeSet<String>,
    forgiven: BTreeSet<String>,
}

impl Streak {
    /// One that does not count these failures: they are noted, and no news.
    pub fn forgiving(what: impl IntoIterator<Item = String>) -> Self {
        Self { forgiven: what.into_iter().collect(), ..Self::default() }
    }

    /// Something worked.
    pub fn succeeded(&mut self) {
        self.organizations.clear();
    }

    /// This failed of this organization: its id, or the best name that is known for it. True: it is an
    /// outage.
    pub fn failed(&mut self, what: &str, organization: &str) -> bool {
        if self.forgiven.contains(what) {
            return false;
        }
        self.organizations.insert(organization.to_owned());
        self.organizations.len() >= SEVERAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organization_that_fails_twenty_times_is_no_outage() {
        let mut streak = Streak::default();
        assert!((0..20).all(|n| !streak.failed(&n.to_string(), "one")));
    }

    #[test]
    fn several_organizations_in_a_row_are_an_outage_and_with_a_success_between_them_they_are_not() {
        let mut streak = Streak::default();
        let failed: Vec<bool> = ["1", "2", "3", "4", "5"].map(|org| streak.failed("x", org)).into();
        assert_eq!(failed, [false, false, false, false, true]);
        streak.succeeded();
        assert!(!streak.failed("x", "6"));
    }

    #[test]
    fn what_is_noted_already_is_no_outage_however_much_it_is() {
        let mut streak = Streak::forgiving(["known".to_owned()]);
        assert!((0..20).all(|n| !streak.failed("known", &n.to_string())));
    }
}
