//! What a command line must hold, beyond its grammar, and the sentence that says what is wrong with one.

use std::fmt::{self, Display, Formatter};

use clap::error::ErrorKind;

use crate::outcome::{Code, Failure};

/// A text of a person, as an argument: more than spaces.
///
/// # Errors
/// The sentence, if there is nothing else in it.
pub fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it must say something".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A command line that makes no sense. Shown as one sentence, without the usage that clap adds for people.
#[derive(Debug, thiserror::Error)]
pub struct WrongUsage(#[source] pub clap::Error);

impl Display for WrongUsage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return write!(f, "A command is missing. See billing --help.");
        }
        let whole = self.0.to_string();
        let sentence = whole.split("\n\nUsage:").next().unwrap_or_default();
        let sentence = sentence.split("\n\nFor more information").next().unwrap_or_default();
        let words: Vec<_> = sentence.split_whitespace().filter(|word| *word != "error:").collect();
        write!(f, "{}.", words.join(" ").trim_end_matches('.'))
    }
}

impl Failure for WrongUsage {
    fn code(&self) -> Code {
        Code::WrongUsage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_something() {
        assert_eq!(said(" ticket 4711\n"), Ok("ticket 4711".to_owned()));
        for nothing in ["", "  ", "\t\n"] {
            assert!(said(nothing).is_err(), "{nothing:?}");
        }
    }
}
