//! The two forms of an address: a URL, and `key=value` pairs. Both are taken apart into parameters and put
//! together for the driver.

use std::iter::Peekable;
use std::str::Chars;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::parameter::is_known;

const NO_ADDRESS: &str = "it is not a PostgreSQL connection address";
const AMBIGUOUS: &str = "where its password ends cannot be told. Write @ in it as %40, / as %2F and ? as %3F";

/// What stands in front of the parameters.
#[derive(Debug)]
pub(super) enum Beginning {
    /// A URL up to its `?`, as the driver reads it.
    Url(String),
    /// Nothing: in this form everything is a parameter.
    Pairs,
}

/// An address in its parts.
#[derive(Debug)]
pub(super) struct Form {
    pub beginning: Beginning,
    /// Names and values, decoded.
    pub parameters: Vec<(String, String)>,
}

impl Form {
    /// Takes an address apart; the error is a clause that tells nothing of it.
    pub fn split(text: &str) -> Result<Self, String> {
        if text.contains("[YOUR-PASSWORD]") {
            return Err("it still has [YOUR-PASSWORD] where the password belongs".to_owned());
        }
        let is_in_schemes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ':');
        match text.split_once("://").filter(|(scheme, _)| scheme.chars().all(is_in_schemes)) {
            Some((scheme, rest)) => {
                check_scheme(scheme)?;
                url(rest)
            }
            None => {
                let parameters = pairs(text).ok_or(NO_ADDRESS)?;
                Ok(Self { beginning: Beginning::Pairs, parameters })
            }
        }
    }
}

impl Beginning {
    /// The address with these parameters, as the driver reads it.
    pub fn with(&self, parameters: &[(&str, String)]) -> String {
        match self {
            Self::Url(beginning) => {
                let encoded = |(name, value): &(&str, String)| {
                    format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
                };
                let parameters: Vec<String> = parameters.iter().map(encoded).collect();
                format!("{beginning}?{}", parameters.join("&"))
            }
            Self::Pairs => {
                let quoted = |(name, value): &(&str, String)| {
                    format!("{name}='{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
                };
                parameters.iter().map(quoted).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// `postgres` and `postgresql`, also as JDBC (`jdbc:postgresql`) and SQLAlchemy (`postgresql+psycopg`) write
/// them.
fn check_scheme(scheme: &str) -> Result<(), String> {
    let scheme = scheme.to_ascii_lowercase();
    let database = scheme.strip_prefix("jdbc:").unwrap_or(&scheme).split('+').next().unwrap_or_default();
    if scheme.starts_with("prisma") {
        Err("it is an address of Prisma Accelerate, which speaks another protocol. Use the database's own"
            .to_owned())
    } else if matches!(database, "postgres" | "postgresql") {
        Ok(())
    } else {
        Err("it begins with another scheme than postgres:// or postgresql://".to_owned())
    }
}

/// What follows the scheme. A password may hold what should be percent-encoded, as long as it is plain where
/// it ends: at the last @ in front of the parameters.
fn url(rest: &str) -> Result<Form, String> {
    let begins_known = |(at, _): &(usize, &str)| {
        let name =
            rest[at + 1..].split_once('=').map(|(name, _)| percent_decode_str(name).decode_utf8_lossy());
        name.is_some_and(|name| is_known(&name))
    };
    let known = rest.match_indices('?').find(begins_known).map_or(rest.len(), |(at, _)| at);
    let credentials = rest[..known].rfind('@').map(|end| &rest[..end]);
    let place = credentials.map_or(rest, |credentials| &rest[credentials.len() + 1..]);
    if credentials.and_then(|all| all.split_once('@')).is_some_and(|(_, behind)| behind.contains(['/', '?']))
    {
        return Err(AMBIGUOUS.to_owned());
    }
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    // The driver ends the credentials at the first @.
    let credentials = credentials.map(|all| format!("{}@", all.replace('@', "%40"))).unwrap_or_default();
    let parameters = query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        decoded(name).and_then(|name| Ok((name, decoded(value)?)))
    });
    let parameters = parameters.collect::<Result<_, _>>();
    let parameters = parameters.map_err(|_| "one of its parameters is not UTF-8".to_owned())?;
    Ok(Form { beginning: Beginning::Url(format!("postgresql://{credentials}{place}")), parameters })
}

/// Pairs of a name and a value, with white space between them. In a value, a backslash stands before what is
/// meant as it is.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        skip_space(&mut rest);
        if rest.peek().is_none() {
            return Some(pairs);
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        skip_space(&mut rest);
        rest.next_if_eq(&'=')?;
        skip_space(&mut rest);
        pairs.push((name, value(&mut rest)?));
    }
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut value = String::new();
    let is_quoted = rest.next_if_eq(&'\'').is_some();
    let is_end = |c: char| if is_quoted { c == '\'' } else { c.is_whitespace() };
    while let Some(c) = rest.next_if(|c| !is_end(*c)) {
        value.push(if c == '\\' { rest.next()? } else { c });
    }
    if is_quoted {
        rest.next()?;
    }
    Some(value)
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}
