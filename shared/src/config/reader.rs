//! How a variable is read, whichever way it arrives: without what copying leaves around it.

/// The value without the white space and the pair of quotation marks around it. None if nothing is left.
///
/// A mark that also stands inside is part of the value: `"a","b"` are two values, and a mark on one side only
/// is for the value's own check to refuse.
pub fn tidied(value: &str) -> Option<&str> {
    const QUOTES: [(char, char); 3] = [('"', '"'), ('\'', '\''), ('\u{201c}', '\u{201d}')];
    let value = without_space(value);
    let inside = QUOTES.iter().find_map(|quotes| {
        let inside = value.strip_prefix(quotes.0)?.strip_suffix(quotes.1)?;
        (!inside.contains([quotes.0, quotes.1])).then_some(inside)
    });
    Some(without_space(inside.unwrap_or(value))).filter(|value| !value.is_empty())
}

/// The byte order mark and the space without a width cannot be seen, and are no white space to Unicode.
fn without_space(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

/// A variable of the process environment, [tidied]. An empty value counts as none.
#[allow(clippy::disallowed_methods)] // This is the door.
pub fn environment(name: &str) -> Option<String> {
    tidied(&std::env::var(name).ok()?).map(str::to_owned)
}

/// Reads variables and gathers what is wrong with them, one sentence each, which begins with the variable's
/// name.
pub(super) struct Reader<F> {
    lookup: F,
    pub(super) problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn new(lookup: F) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// The value as it is.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        tidied(&(self.lookup)(name)?).map(str::to_owned)
    }

    /// The value as `parse` understands it.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(&self.text(name)?);
        if parsed.is_none() {
            self.problems.push(format!("{name} must be {expected}"));
        }
        parsed
    }

    /// The value, if `check` does not say what it is instead.
    pub(super) fn told<T>(
        &mut self,
        name: &str,
        expected: &str,
        check: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        check(&self.text(name)?)
            .map_err(|instead| self.problems.push(format!("{name} must be {expected}, not {instead}")))
            .ok()
    }

    /// The comma-separated values.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let value = self.text(name).unwrap_or_default();
        value.split(',').filter_map(tidied).map(str::to_owned).collect()
    }

    /// Those of the comma-separated values of which `check` does not say what they are instead.
    pub(super) fn told_list<T>(
        &mut self,
        name: &str,
        expected: &str,
        check: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Vec<T> {
        let values = self.list(name);
        let mut good = Vec::new();
        for (value, number) in values.iter().zip(1..) {
            match (check(value), values.len()) {
                (Ok(value), _) => good.push(value),
                (Err(instead), 1) => self.problems.push(format!("{name} must be {expected}, not {instead}")),
                (Err(instead), all) => self.problems.push(format!(
                    "{name} must be {expected}, not {instead}, as its value {number} of {all} is"
                )),
            }
        }
        good
    }
}
