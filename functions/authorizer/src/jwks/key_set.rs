//! A JSON Web Key Set (RFC 7517): the public keys in it that may have signed an access token, by name.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::could_be_kid;
use crate::key::Key;

/// Keys by their name.
#[derive(Debug, Default)]
pub struct KeySet(HashMap<String, Key>);

impl KeySet {
    /// Reads a set. A key that we cannot use is passed over, because it may be there for others; a set without any is a set.
    pub fn parse(body: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body)?;
        Ok(Self(set.keys.into_iter().filter_map(|key| PublicKey::deserialize(key).ok()?.usable()).collect()))
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.0.get(kid)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
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
        (for_signatures && could_be_kid(&self.kid)).then_some((self.kid, Key { algorithm, key: key.ok()? }))
    }
}
