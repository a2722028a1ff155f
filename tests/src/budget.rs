//! The budgets of `bench/budgets.yaml`: what may be counted at most, so that no change makes it more unseen.

use std::fmt::Write;
use std::fs;

use saphyr::{LoadableYamlNode, Yaml};

use crate::root;

/// Where they are written down.
pub const FILE: &str = "bench/budgets.yaml";

/// All of them.
#[derive(Debug)]
pub struct Budgets(String);

impl Budgets {
    /// Reads the file.
    pub fn read() -> Self {
        Self(fs::read_to_string(root().join(FILE)).expect(FILE))
    }

    /// What `part` of `whole` may be at most, such as `statements` of `webhook`.
    pub fn of(&self, whole: &str, part: &str) -> u64 {
        let documents = Yaml::load_from_str(&self.0).expect("YAML");
        let budget = documents[0].as_mapping_get(whole).and_then(|whole| whole.as_mapping_get(part));
        let number = budget.and_then(Yaml::as_integer).and_then(|number| u64::try_from(number).ok());
        number.unwrap_or_else(|| panic!("{FILE} has no budget {whole}.{part}"))
    }

    /// Prints what was counted beside its budget, a line each.
    ///
    /// # Errors
    /// With a sentence for each count that is larger than its budget.
    pub fn hold(&self, counted: &[(&str, &str, u64)]) -> Result<(), String> {
        let mut exceeded = String::new();
        for (whole, part, count) in counted {
            let budget = self.of(whole, part);
            println!("{whole}.{part}: {count} of {budget}");
            if *count > budget {
                // Writing to a string does not fail.
                let _ =
                    writeln!(exceeded, "{whole}.{part} is {count}, and its budget in {FILE} is {budget}.");
            }
        }
        if exceeded.is_empty() { Ok(()) } else { Err(exceeded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_its_budget_is_told_and_nothing_else() {
        let budgets = Budgets("webhook: { round_trips: 1, statements: 9 }".to_owned());
        assert_eq!(budgets.hold(&[("webhook", "round_trips", 1), ("webhook", "statements", 2)]), Ok(()));
        let exceeded = budgets.hold(&[("webhook", "round_trips", 1), ("webhook", "statements", 10)]);
        assert_eq!(
            exceeded,
            Err("webhook.statements is 10, and its budget in bench/budgets.yaml is 9.\n".to_owned())
        );
    }
}
