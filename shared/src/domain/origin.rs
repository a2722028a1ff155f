//! Where a web page comes from.

use std::fmt;

use url::Url;

/// Scheme, host and port of a web address, as browsers compare them (the URL Standard, "origin").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(url::Origin);

impl Origin {
    /// The origin of an http or https address. None for any other scheme.
    pub fn of(url: &Url) -> Option<Self> {
        matches!(url.scheme(), "http" | "https").then(|| Self(url.origin()))
    }
}

impl fmt::Display for Origin {
    /// As browsers send it in `Origin`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.ascii_serialization())
    }
}
