//! The people who read, with access tokens as Supabase Auth signs them.

use ::tests::auth::EcKey;
use serde_json::{Value, json};
use shared::clock::Clock;

use super::population::{Population, person};

/// How many members of random organizations there are tokens for: signing one takes longer than asking.
const MEMBERS: usize = 5_000;

/// The people of a database, and the key of the project that they sign in to.
pub struct People {
    key: EcKey,
    now: i64,
    members: Vec<(u64, String)>,
}

/// The project's address. Nobody asks there for its keys: they are in the variables.
const PROJECT: &str = "https://bench.supabase.co";

impl People {
    /// Signs some members of paying organizations in, for a few hours.
    pub fn sign_in(population: Population) -> Self {
        let now = Clock::System.now().as_second();
        let mut people = Self { key: EcKey::new("bench-1"), now, members: Vec::new() };
        let member = |_| {
            let number = population.payer();
            (number, people.token(number))
        };
        people.members = (0..MEMBERS).map(member).collect();
        people
    }

    /// A random one of those who are signed in: the number of their organization, and their token.
    pub fn member(&self) -> (u64, &str) {
        let (number, token) = &self.members[fastrand::usize(..self.members.len())];
        (*number, token)
    }

    /// An access token of the person with this number.
    pub fn token(&self, number: u64) -> String {
        let claims = json!({
            "iss": format!("{PROJECT}/auth/v1"), "aud": "authenticated", "role": "authenticated",
            "sub": person(number), "email": "member@example.com", "phone": "", "is_anonymous": false,
            "iat": self.now, "exp": self.now + 4 * 3600, "aal": "aal1",
            "amr": [{ "method": "password", "timestamp": self.now }],
            "app_metadata": { "provider": "email", "providers": ["email"] }, "user_metadata": {},
            "session_id": person(number)
        });
        self.key.sign(&self.key.header(), &claims)
    }

    /// The variables that name the project and its keys.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let keys: Value = json!({ "keys": [self.key.jwk()] });
        [("SUPABASE_URL", PROJECT.to_owned()), ("SUPABASE_JWKS", keys.to_string())]
    }
}
