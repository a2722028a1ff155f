//! A JSON Web Key Set (RFC 7517): the public keys in it that may have signed an access token, by name.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::jwks::Key;

/// The longest name that a key has. Supabase's are UUIDs.
const LONGEST_KID: usize = 128;

/// Whether a key may go by this name: only then it is worth asking for.
pub fn could_be_kid(kid: &str) -> bool {
    (1..=LONGEST_KID).contains(&kid.len())
}

/// Keys by their name.
#[derive(Debug, Default)]
pub struct KeySet {
    usable: HashMap<String, Key>,
    passed_over: Vec<String>,
}

impl KeySet {
    /// Reads a set. A key that we cannot use is passed over, because it may be there for others; a set
    /// without any is a set.
    ///
    /// # Errors
    /// If it is no JSON, or has no list of keys.
    pub fn parse(body: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body)?;
        let mut keys = Self::default();
        for key in set.keys {
            match PublicKey::deserialize(&key).ok().and_then(PublicKey::usable) {
                Some((kid, key)) => drop(keys.usable.insert(kid, key)),
                None => keys.passed_over.push(kind(&key)),
            }
        }
        Ok(keys)
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.usable.get(kid)
    }

    /// The names of those that can be used, in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.usable.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The algorithms of those that can be used, one for each key, in alphabetical order.
    pub fn algorithms(&self) -> Vec<String> {
        let mut names: Vec<_> = self.usable.values().map(|key| format!("{:?}", key.algorithm)).collect();
        names.sort_unstable();
        names
    }

    /// What kinds those are of that cannot be used, one for each key.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// How many can be used.
    pub fn len(&self) -> usize {
        self.usable.len()
    }

    /// Whether none can be used.
    pub fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }
}

/// What a key says that it is. Words that could be anything are left out.
fn kind(key: &Value) -> String {
    let is_word = |word: &&str| {
        (1..=16).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    let words =
        ["kty", "crv", "alg", "use"].iter().filter_map(|name| key.get(name)?.as_str().filter(is_word));
    let kind = words.collect::<Vec<_>>().join(" ");
    if kind.is_empty() { "of no kind".to_owned() } else { kind }
}

/// RFC 7517, 4 and RFC 7518, 6.
#[derive(Deserialize)]
struct PublicKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl PublicKey {
    /// The key and its algorithm, which its kind decides. A secret (`oct`) in a public list is none.
    fn usable(self) -> Option<(String, Key)> {
        let (name, algorithm, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                ("ES256", Algorithm::ES256, DecodingKey::from_ec_components(&self.x?, &self.y?))
            }
            ("RSA", _) => ("RS256", Algorithm::RS256, DecodingKey::from_rsa_components(&self.n?, &self.e?)),
            _ => return None,
        };
        let for_signatures = self.usage.is_none_or(|usage| usage == "sig")
            && self.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"))
            && self.alg.is_none_or(|alg| alg == name);
        (for_signatures && could_be_kid(&self.kid)).then_some((self.kid, Key::public(algorithm, key.ok()?)))
    }
}
