//! The operations, one function each.

use checkout::{CheckoutRequest, CheckoutResponse};
use health::Health;
use ofrep::{BulkEvaluation, Evaluation, EvaluationRequest};
use plans::PlansResponse;
use portal::{PortalRequest, PortalResponse};
use serde_json::{Map, Value, json};
use shared::domain::ids::OrgId;
use shared::http::entitlements::Stamped;
use shared::http::error::Failure;
use shared::http::evaluation::EvaluationFailure;
use shared::stripe::event::Event;
use sync::SyncRequest;
use webhook::Received;

use super::examples;
use super::failures;
use super::schemas::Schemas;

/// All paths.
pub fn paths(schemas: &mut Schemas) -> Value {
    schemas.response::<Failure>();
    schemas.response::<EvaluationFailure>();
    json!({
        "/api/entitlements": { "get": entitlements(schemas) },
        "/api/billing/checkout": { "post": checkout(schemas) },
        "/api/billing/plans": { "get": plans(schemas) },
        "/api/billing/portal": { "post": portal(schemas) },
        "/api/billing/sync": { "post": sync(schemas) },
        "/api/health": { "get": health(schemas) },
        "/ofrep/v1/evaluate/flags": { "post": flags(schemas) },
        "/ofrep/v1/evaluate/flags/{key}": { "post": flag(schemas) },
        "/api/webhooks/stripe": {
            "servers": [
                { "url": "http://127.0.0.1:4242", "description": "On this machine (`cargo dev`)" },
                {
                    "url": "https://{urlId}.lambda-url.{region}.on.aws",
                    "description": "Deployed: the stack's output WebhookUrl, which takes any path",
                    "variables": { "urlId": { "default": "url" }, "region": { "default": "eu-central-1" } }
                }
            ],
            "post": webhook(schemas)
        }
    })
}

fn etag() -> Value {
    json!({
        "description": "Names all of the answer but its `timestamp`. It ends in a position in the database's \
                        log: if two tags differ only in that, the answers are the same.",
        "required": true,
        "schema": { "type": "string", "pattern": "^\"[0-9a-f]{24}(-[0-9a-f]{1,16})?\"$" },
        "example": examples::ETAG
    })
}

fn entitlements(schemas: &mut Schemas) -> Value {
    let headers = json!({ "ETag": etag(), "Cache-Control": cache_control("private, no-cache") });
    let answer = json(schemas.response::<Stamped>(), examples::entitlements());
    json!({
        "operationId": "getEntitlements", "tags": ["entitlements"],
        "summary": "What an organization may do.",
        "description": "For any member. Keep the answer with its `ETag` and ask again with `If-None-Match`: \
                        what has not changed is a 304. Where that is configured, the same person may be \
                        answered from memory for two seconds, unless `If-None-Match` names another tag: \
                        `\"afresh\", \"<ETag>\"` is answered with what is there now. No answer is \
                        older than the newest tag that is named.",
        "security": access_token(),
        "parameters": [
            {
                "name": "orgId", "in": "query", "required": true, "description": "The organization. Once.",
                "schema": schemas.request::<OrgId>(), "example": examples::ORG
            },
            {
                "name": "If-None-Match", "in": "header",
                "description": "The `ETag` of the answer at hand; several with commas.",
                "schema": { "type": "string" }, "example": examples::ETAG
            }
        ],
        "responses": responses("entitlements", json!({
            "200": { "description": "The plan and all flags.", "headers": headers, "content": answer },
            "304": { "description": "The answer named by `If-None-Match` still stands.", "headers": headers }
        }))
    })
}

fn checkout(schemas: &mut Schemas) -> Value {
    json!({
        "operationId": "startCheckout", "tags": ["billing"],
        "summary": "Opens a checkout page at Stripe.",
        "description": "For owners and admins. Send the person to `url`. A double click within a minute gets \
                        the same session; a newer one ends the older, so two open tabs cannot buy twice.",
        "security": access_token(),
        "requestBody": body(schemas.request::<CheckoutRequest>(), examples::checkout_requests()),
        "responses": responses("checkout", json!({
            "200": success("The page is open.",
                json(schemas.response::<CheckoutResponse>(), examples::checkout()))
        }))
    })
}

fn plans(schemas: &mut Schemas) -> Value {
    let cache = json!({
        "description": "The second is of an answer about an organization.", "required": true,
        "schema": { "type": "string", "enum": ["public, max-age=60", "private, no-store"] }
    });
    json!({
        "operationId": "getPlans", "tags": ["billing"],
        "summary": "What is sold.",
        "description": "For anyone: plans, prices, seats and flags. With `orgId`, for any member of it, it \
                        also says what that organization may do with each plan.",
        "security": [{}, { "accessToken": [] }],
        "parameters": [{
            "name": "orgId", "in": "query", "required": false, "description": "The organization. Once.",
            "schema": schemas.request::<OrgId>(), "example": examples::ORG
        }],
        "responses": responses("plans", json!({
            "200": { "description": "All plans, lowest rank first.", "headers": { "Cache-Control": cache },
                "content": json(schemas.response::<PlansResponse>(), examples::plans()) }
        }))
    })
}

fn flags(schemas: &mut Schemas) -> Value {
    let mut etag = etag();
    etag["description"] = json!("Names the answer.");
    let headers = json!({ "ETag": etag, "Cache-Control": cache_control("private, no-cache") });
    let answer = json(schemas.response::<BulkEvaluation<'_>>(), examples::evaluations());
    let mut responses = responses(
        "ofrep",
        json!({
            "200": { "description": "Every flag of the catalogue, by name.", "headers": headers,
                "content": answer },
            "304": { "description": "The answer named by `If-None-Match` still stands.", "headers": headers }
        }),
    );
    // That one flag is not there. And no failure is one flag's.
    responses.remove("404");
    let failures = responses["400"].pointer_mut("/content/application~1json/examples");
    for example in failures.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        drop(example["value"].as_object_mut().map(|failure| failure.remove("key")));
    }
    json!({
        "operationId": "evaluateFlags", "tags": ["entitlements"],
        "summary": "All flags of an organization, for OpenFeature.",
        "description": "For any member. The OpenFeature Remote Evaluation Protocol's bulk evaluation: what \
                        OpenFeature's web provider asks. The context's `targetingKey` is the organization; \
                        what else it holds is not looked at.",
        "security": access_token(),
        "parameters": [{
            "name": "If-None-Match", "in": "header",
            "description": "The `ETag` of the answer at hand; several with commas.",
            "schema": { "type": "string" }, "example": examples::ETAG
        }],
        "requestBody": body(schemas.request::<EvaluationRequest>(), examples::evaluation_requests()),
        "responses": responses
    })
}

fn flag(schemas: &mut Schemas) -> Value {
    json!({
        "operationId": "evaluateFlag", "tags": ["entitlements"],
        "summary": "One flag of an organization, for OpenFeature.",
        "description": "For any member. The OpenFeature Remote Evaluation Protocol's evaluation of one flag: \
                        what OpenFeature's server providers ask.",
        "security": access_token(),
        "parameters": [{
            "name": "key", "in": "path", "required": true, "description": "The flag's name.",
            "schema": { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$" },
            "example": "canExportPDF"
        }],
        "requestBody": body(schemas.request::<EvaluationRequest>(), examples::evaluation_requests()),
        "responses": responses("ofrep", json!({
            "200": success("The flag.", json(schemas.response::<Evaluation<'_>>(), examples::evaluation()))
        }))
    })
}

fn portal(schemas: &mut Schemas) -> Value {
    json!({
        "operationId": "openPortal", "tags": ["billing"],
        "summary": "Opens the customer portal at Stripe.",
        "description": "For owners and admins: plan, card, seats, invoices, cancelling. Send the person to \
                        `url`. With a `flow` it leads straight to one thing, and back once that is done.",
        "security": access_token(),
        "requestBody": body(schemas.request::<PortalRequest>(), examples::portal_requests()),
        "responses": responses("portal", json!({
            "200": success("The page is open.",
                json(schemas.response::<PortalResponse>(), examples::portal()))
        }))
    })
}

fn sync(schemas: &mut Schemas) -> Value {
    json!({
        "operationId": "syncAfterCheckout", "tags": ["billing"],
        "summary": "Reads what was bought from Stripe.",
        "description": "For any member. The success page calls it, so that nobody who has just paid waits \
                        for a webhook. Within five seconds of another it answers without asking Stripe.",
        "security": access_token(),
        "requestBody": body(schemas.request::<SyncRequest>(), examples::sync_requests()),
        "responses": responses("sync", json!({
            "200": {
                "description": "The plan and all flags.",
                "headers": { "ETag": etag(), "Cache-Control": cache_control("no-store") },
                "content": json(schemas.response::<Stamped>(), examples::entitlements())
            }
        }))
    })
}

fn webhook(schemas: &mut Schemas) -> Value {
    json!({
        "operationId": "receiveStripeEvent", "tags": ["operation"],
        "summary": "Takes an event of Stripe.",
        "description": "For Stripe. Each event counts once, in the order in which things happened at Stripe, \
                        however often and in whatever order it comes.",
        "security": [{ "stripeSignature": [] }],
        "requestBody": body(schemas.request::<Event<'_>>(), examples::events()),
        "responses": responses("webhook", json!({
            "200": success("The event need not be sent again.",
                json(schemas.response::<Received>(), examples::received()))
        }))
    })
}

fn health(schemas: &mut Schemas) -> Value {
    let health = schemas.response::<Health>();
    json!({
        "operationId": "getHealth", "tags": ["operation"],
        "summary": "Whether the parts that every request needs are there.",
        "description": "For anyone.",
        "security": [],
        "responses": responses("health", json!({
            "200": success("All is well.", json(health.clone(), examples::healthy())),
            "503": success("A part fails: this one.", json(health, examples::ill()))
        }))
    })
}

/// The answers that are no failure, and after them those that are.
fn responses(function: &str, answers: Value) -> Map<String, Value> {
    let mut all = failures::responses(function);
    if let Value::Object(answers) = answers {
        all.extend(answers);
    }
    // In front of the webhook there is no API Gateway.
    if function != "webhook" {
        super::gateway::add(&mut all);
    }
    all.sort_keys();
    all
}

fn access_token() -> Value {
    json!([{ "accessToken": [] }])
}

fn body(schema: Value, examples: Value) -> Value {
    json!({ "required": true, "content": json(schema, examples) })
}

fn json(schema: Value, examples: Value) -> Value {
    json!({ "application/json": { "schema": schema, "examples": examples } })
}

fn success(description: &str, content: Value) -> Value {
    json!({ "description": description, "headers": { "Cache-Control": no_store() }, "content": content })
}

/// `Cache-Control` of all answers but one.
pub fn no_store() -> Value {
    cache_control("no-store")
}

fn cache_control(value: &str) -> Value {
    json!({ "description": "Whether the answer may be kept.", "required": true,
        "schema": { "type": "string", "const": value } })
}
