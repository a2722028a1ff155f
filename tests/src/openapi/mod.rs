//! The HTTP contract as OpenAPI 3.1, made from the types that the handlers read and write. What stands here
//! in words is what no type says.

mod check;
mod examples;
mod failures;
mod gateway;
mod operations;
mod schemas;

use serde_json::{Value, json};

pub use check::{assert_documented, problems};
pub use failures::{documented, table};

use failures::failure_schemas;
use operations::paths;
use schemas::Schemas;

/// Where the document is kept, from the root of the repository.
pub const FILE: &str = "openapi.json";

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let paths = paths(&mut schemas);
    let mut components = schemas.into_components();
    failure_schemas(&mut components);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "PromptForge Billing",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Stripe subscriptions in, entitlements out.",
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" }
        },
        "servers": [
            { "url": "http://127.0.0.1:4242", "description": "On this machine (`cargo dev`)" },
            {
                "url": "https://{apiId}.execute-api.{region}.amazonaws.com",
                "description": "Deployed: the stack's output ApiUrl",
                "variables": { "apiId": { "default": "api" }, "region": { "default": "eu-central-1" } }
            }
        ],
        "tags": [
            { "name": "entitlements", "description": "May this organization do X?" },
            { "name": "billing", "description": "Buying and managing a plan, on Stripe's pages." },
            { "name": "operation", "description": "What Stripe and monitors call." }
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "accessToken": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The signed-in person's access token, of the project's Supabase Auth."
                },
                "stripeSignature": {
                    "type": "apiKey", "in": "header", "name": "Stripe-Signature",
                    "description": "`t=<Unix seconds>,v1=<hex HMAC-SHA256 of \"t.body\">` with the \
                                    endpoint's signing secret, at most 300 s old. Without a valid one the \
                                    answer is 400 `invalid_signature`: Stripe knows no 401."
                }
            }
        }
    })
}

/// The document as the file holds it.
pub fn text() -> String {
    // A Value always serializes.
    format!("{}\n", serde_json::to_string_pretty(&document()).unwrap_or_default())
}

const DESCRIPTION: &str = "A success has `success: true`; only Stripe's and OpenFeature's routes answer in \
other words. A failure has `success: false` with a stable `code`, a sentence, and a `requestId` to ask us \
with. A request body may have no other fields than those named here, but for OpenFeature's; an answer may \
get new ones. Bodies above 64 KiB are refused, an event above 1 MiB. `Content-Type` is not looked at. \
Every answer may be followed by another try where it carries `Retry-After`. Every answer has \
`X-Content-Type-Options`, `Content-Security-Policy`, `Referrer-Policy` and `Strict-Transport-Security`. A \
path or method that is not named here is answered 404 `{\"message\": \"Not Found\"}` by API Gateway.";
