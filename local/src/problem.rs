//! What went wrong, in a sentence for the person at the terminal.

use std::fmt;
use std::path::Path;

/// A sentence that says what is wrong and what to do.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    /// A problem in these words.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// A file or folder that could not be used.
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{} cannot be used: {error}.", path.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}
