//! What the stack needs of Supabase Auth: it signs the demo's people in, with any password, and publishes its
//! key. The tokens are signed as Supabase's are (ES256), so that the functions check them as they do when
//! deployed. (Supabase: JWT signing keys; JWT claims reference.)

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::clock::Clock;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::people::{PEOPLE, Person};
use super::private_file;
use crate::problem::Problem;

/// How long a token is good for: Supabase's own default.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The project's key, and who is signed in.
#[derive(Debug)]
pub struct SupabaseAuth {
    issuer: String,
    key: EcdsaKeyPair,
    kid: String,
    /// Whom a refresh token belongs to. Each is good once.
    sessions: Mutex<HashMap<String, Person>>,
}

impl SupabaseAuth {
    /// For the project at `url`. The key is kept in `file`, so that a stack that starts again takes the
    /// tokens that are out; without one it begins with a new key.
    ///
    /// # Errors
    /// If the key cannot be made, read or written.
    pub fn open(url: &str, file: Option<&Path>) -> Result<Self, Problem> {
        let broken = |error: &dyn std::fmt::Display| {
            Problem::new(format!("The key of access tokens cannot be made: {error}."))
        };
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let kept = match file.map(|file| (file, fs::read(file))) {
            Some((_, Ok(document))) => Some(document),
            Some((file, Err(error))) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Problem::file(file, &error));
            }
            _ => None,
        };
        let document = match kept {
            Some(document) => document,
            None => {
                let made =
                    EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|error| broken(&error))?;
                if let Some(file) = file {
                    private_file::write(file, made.as_ref())?;
                }
                made.as_ref().to_vec()
            }
        };
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &document, &random).map_err(|error| broken(&error))?;
        let kid = hex::encode(&Sha256::digest(key.public_key().as_ref())[..16]);
        Ok(Self { issuer: format!("{url}/auth/v1"), key, kid, sessions: Mutex::default() })
    }

    /// An access token for a user, whoever that is.
    pub fn token(&self, user: &str, email: &str, lifetime: Duration) -> String {
        let now = Clock::System.now().as_second();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }));
        let claims = part(json!({
            "iss": self.issuer, "aud": "authenticated", "role": "authenticated", "sub": user, "email": email,
            "phone": "",
            "iat": now, "exp": now + lifetime.as_secs() as i64, "aal": "aal1", "session_id": session_id(),
            "is_anonymous": false, "app_metadata": { "provider": "email", "providers": ["email"] },
            "user_metadata": {}
        }));
        let message = format!("{header}.{claims}");
        // Err: the system gives no random numbers. The functions refuse what is not signed.
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.map(|s| URL_SAFE_NO_PAD.encode(s.as_ref())).unwrap_or_default();
        format!("{message}.{signature}")
    }

    /// What a request's access token says, if it is ours and has not expired.
    fn claims(&self, headers: &HeaderMap) -> Option<Value> {
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let (message, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key().as_ref());
        key.verify(message.as_bytes(), &signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(message.split_once('.')?.1).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        (claims["exp"].as_i64()? > Clock::System.now().as_second()).then_some(claims)
    }

    fn sign_in(&self, person: Person) -> Value {
        let refresh_token = session_id();
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(refresh_token.clone(), person);
        json!({
            "access_token": self.token(person.user_id, person.email, LIFETIME), "token_type": "bearer",
            "expires_in": LIFETIME.as_secs(),
            "expires_at": Clock::System.now().as_second() + LIFETIME.as_secs() as i64,
            "refresh_token": refresh_token,
            "user": {
                "id": person.user_id, "aud": "authenticated", "role": "authenticated", "email": person.email,
                "app_metadata": { "provider": "email", "providers": ["email"] }, "user_metadata": {}
            }
        })
    }
}

fn session_id() -> String {
    let digits = format!("{:032x}", fastrand::u128(..));
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// The addresses that are used of Supabase Auth, open to every origin as they are there.
pub fn routes(auth: Arc<SupabaseAuth>) -> Router {
    Router::new()
        .route("/auth/v1/.well-known/jwks.json", get(keys))
        .route("/auth/v1/token", post(token))
        .route("/auth/v1/user", get(user))
        .route("/auth/v1/logout", post(logout))
        // Under the layer, which answers a page that asks beforehand by OPTIONS.
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        // Named one by one: "any" leaves `Authorization` out (Fetch: CORS protocol).
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods(Any)
                .allow_headers(AllowHeaders::mirror_request()),
        )
        .with_state(auth)
}

async fn keys(State(auth): State<Arc<SupabaseAuth>>) -> Response {
    let (x, y) = auth.key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let key = json!({
        "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": auth.kid, "alg": "ES256", "use": "sig",
        "key_ops": ["verify"], "ext": true
    });
    Json(json!({ "keys": [key] })).into_response()
}

async fn user(State(auth): State<Arc<SupabaseAuth>>, headers: HeaderMap) -> Response {
    match auth.claims(&headers) {
        Some(claims) => {
            let email = &claims["email"];
            Json(json!({
                "id": claims["sub"], "aud": "authenticated", "role": "authenticated", "email": email,
                "app_metadata": claims["app_metadata"], "user_metadata": {}
            }))
            .into_response()
        }
        None => (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "code": 401, "error_code": "bad_jwt", "msg": "Invalid token" })),
        )
            .into_response(),
    }
}

/// The access token stays good until it expires, as at Supabase; the refresh tokens of the person do not.
async fn logout(State(auth): State<Arc<SupabaseAuth>>, headers: HeaderMap) -> StatusCode {
    if let Some(claims) = auth.claims(&headers) {
        let mut sessions = auth.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, person| claims["sub"] != person.user_id);
    }
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Grant {
    grant_type: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    refresh_token: String,
}

async fn token(State(auth): State<Arc<SupabaseAuth>>, Query(grant): Query<Grant>, body: String) -> Response {
    let Ok(credentials) = serde_json::from_str::<Credentials>(&body) else {
        return refused("bad_json", "Could not parse request body as JSON");
    };
    let person = match grant.grant_type.as_deref() {
        Some("password") => {
            PEOPLE.find(&credentials.email).ok_or(("invalid_credentials", "Invalid login credentials"))
        }
        Some("refresh_token") => auth
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&credentials.refresh_token)
            .ok_or(("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")),
        _ => Err(("validation_failed", "unsupported_grant_type")),
    };
    match person {
        Ok(person) => ([(header::CACHE_CONTROL, "no-store")], Json(auth.sign_in(person))).into_response(),
        Err((code, message)) => refused(code, message),
    }
}

/// As Supabase Auth says it.
fn refused(code: &str, message: &str) -> Response {
    let body = json!({ "code": 400, "error_code": code, "msg": message });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
