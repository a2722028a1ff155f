//! Which route can fail how. The answers are those that `ApiError` gives.

use std::collections::BTreeMap;

use lambda_http::Body;
use serde_json::{Map, Value, json};
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::evaluation::Unevaluated;
use shared::http::identity::Refusal;
use shared::{db, stripe};

/// `x`: the route can answer it. The tests call each route until it did, and for nothing else.
const FAILURES: &str = "
                       checkout  portal  sync  entitlements  ofrep  plans  webhook  health
invalid_request        x         x       x     x             .      x      x        .
invalid_org_id         x         x       x     x             .      x      .        .
invalid_plan           x         x       .     .             .      .      .        .
invalid_interval       x         x       .     .             .      .      .        .
invalid_seats          x         x       .     .             .      .      .        .
invalid_return_url     x         x       .     .             .      .      .        .
invalid_signature      .         .       .     .             .      .      x        .
missing_org_id         .         .       .     .             .      .      x        .
parse_error            .         .       .     .             x      .      .        .
targeting_key_missing  .         .       .     .             x      .      .        .
invalid_context        .         .       .     .             x      .      .        .
flag_not_found         .         .       .     .             x      .      .        .
unauthenticated        x         x       x     x             x      x      .        .
identity_mismatch      x         x       x     x             x      x      .        .
not_a_member           x         x       x     x             x      x      .        .
not_a_billing_admin    x         x       .     .             .      .      .        .
no_customer            .         x       .     .             .      .      .        .
already_subscribed     x         .       .     .             .      .      .        .
flow_unavailable       .         x       .     .             .      .      .        .
shared_customer        .         x       .     .             .      .      .        .
payload_too_large      x         x       x     .             x      .      x        .
internal               x         x       x     x             x      x      x        .
processing_failed      .         .       .     .             .      .      x        .
stripe_error           x         x       x     .             .      .      .        .
stripe_throttled       x         x       x     .             .      .      .        .
identity_unavailable   x         x       x     x             x      x      .        .
database_unavailable   x         x       x     x             x      x      .        .
";

/// A request's id, as Lambda makes them.
const REQUEST_ID: &str = "0b94d074-0fe4-4559-83fe-9d7d47a077bd";

/// The codes that a function can answer, in the table's order.
pub fn documented(function: &str) -> Vec<&'static str> {
    table().into_iter().filter(|(_, functions)| functions.contains(&function)).map(|(code, _)| code).collect()
}

/// Each code, with the functions that can answer it.
pub fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lines = FAILURES.trim().lines();
    let functions: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        let code = words.next().unwrap_or_default();
        let marked = functions.iter().zip(words).filter(|(_, mark)| *mark == "x");
        (code, marked.map(|(function, _)| *function).collect())
    };
    lines.map(row).collect()
}

/// One failure of each kind. [`when`] does not compile while a kind is missing there; who adds it there adds
/// it here.
fn every_failure() -> Vec<ApiError> {
    let refused = stripe::Error::Refused {
        status: 402,
        code: String::new(),
        param: String::new(),
        request_id: String::new(),
        other_mode: false,
    };
    vec![
        ApiError::InvalidRequest("The field orgId is missing".to_owned()),
        ApiError::InvalidOrgId,
        ApiError::InvalidPlan,
        ApiError::InvalidInterval,
        ApiError::InvalidSeats,
        ApiError::InvalidReturnUrl,
        ApiError::InvalidSignature(stripe::signature::Invalid::Mismatch),
        Error::MissingOrg.into(),
        unevaluated(Unevaluated::ParseError("The body must be one JSON object".to_owned())),
        unevaluated(Unevaluated::TargetingKeyMissing),
        unevaluated(Unevaluated::InvalidContext),
        unevaluated(Unevaluated::FlagNotFound),
        ApiError::Unauthenticated(Refusal::Missing),
        ApiError::IdentityMismatch,
        ApiError::NotAMember,
        ApiError::NotABillingAdmin,
        ApiError::NoCustomer,
        ApiError::AlreadySubscribed { price_known: true, portal_url: None },
        ApiError::FlowUnavailable,
        ApiError::SharedCustomer,
        ApiError::PayloadTooLarge,
        Error::Internal("").into(),
        Error::NoConfiguration.into(),
        ApiError::ProcessingFailed(Error::Internal("")),
        refused.into(),
        stripe::Error::Throttled { retry_after: 5 }.into(),
        ApiError::Unauthenticated(Refusal::KeysUnavailable),
        db::Error::Timeout.into(),
    ]
}

fn unevaluated(why: Unevaluated) -> ApiError {
    ApiError::Unevaluated { key: Some("canExportPDF".to_owned()), why }
}

/// When a failure is the answer, for the reader.
fn when(error: &ApiError) -> &'static str {
    match error {
        ApiError::InvalidRequest(_) => {
            "the request is no JSON object, or a field is missing, unknown, twice there or of another type: \
             it is named"
        }
        ApiError::InvalidOrgId => "`orgId` is not a UUID",
        ApiError::InvalidPlan => "`planCode` is none of the plans",
        ApiError::InvalidInterval => {
            "`interval` is unknown, or the plan is not sold by it (`pilot` has no year)"
        }
        ApiError::InvalidSeats => "`seats` is 0, or more than the plan is sold with",
        ApiError::InvalidReturnUrl => "`returnUrl`, `successUrl` or `cancelUrl` is not on an allowed origin",
        ApiError::InvalidSignature(_) => "the signature is missing, wrong, twice there or stale",
        ApiError::Unevaluated { why, .. } => when_unevaluated(why),
        ApiError::Unauthenticated(Refusal::KeysUnavailable) => "Supabase's signing keys cannot be fetched",
        ApiError::Unauthenticated(_) => "no access token, or one that is not good (any more)",
        ApiError::IdentityMismatch => {
            "the request has an `x-user-id` header that names another than the token"
        }
        ApiError::NotAMember => "not a member of the organization, or there is no such organization",
        ApiError::NotABillingAdmin => "a member who is neither owner nor admin",
        ApiError::NoCustomer => "the organization never began a checkout",
        ApiError::AlreadySubscribed { .. } => {
            "the organization has a live paid subscription: the portal changes it, at `portalUrl`"
        }
        ApiError::FlowUnavailable => "the portal has no page for the `flow`",
        ApiError::SharedCustomer => {
            "the organization's customer pays for another organization too, which its portal would show"
        }
        ApiError::PayloadTooLarge => "the body is larger than the route takes",
        ApiError::ProcessingFailed(_) => "the event could not be applied now; Stripe sends it again",
        ApiError::Failed(error) => when_failed(error),
    }
}

fn when_unevaluated(why: &Unevaluated) -> &'static str {
    match why {
        Unevaluated::ParseError(_) => "the body is no JSON object, or not of the protocol's shape",
        Unevaluated::TargetingKeyMissing => "the context has no `targetingKey`",
        Unevaluated::InvalidContext => "the context is no object, or its `targetingKey` is not a UUID",
        Unevaluated::FlagNotFound => "there is no flag of this name",
    }
}

fn when_failed(error: &Error) -> &'static str {
    match error {
        Error::UnreadableEvent(_) => "the event, or the object in it, cannot be read: the field is named",
        Error::MissingOrg => "the event belongs to no organization",
        Error::Stripe(stripe::Error::Throttled { .. }) => "Stripe throttles us",
        Error::Stripe(_) => "Stripe refused, or cannot be reached",
        Error::Database(error) if error.is_unavailable() => "the database is down, or busy",
        Error::Database(_)
        | Error::Misconfigured(_)
        | Error::NoConfiguration
        | Error::OutOfTime
        | Error::Internal(_) => "it is our fault",
    }
}

/// The failures of a function, as responses by status.
pub fn responses(function: &str) -> Map<String, Value> {
    let codes = documented(function);
    let mut by_status = BTreeMap::<u16, Vec<ApiError>>::new();
    for error in every_failure().into_iter().filter(|error| codes.contains(&error.code())) {
        by_status.entry(error.status().as_u16()).or_default().push(error);
    }
    by_status.into_iter().map(|(status, errors)| (status.to_string(), response(errors))).collect()
}

/// All failures of one status.
fn response(errors: Vec<ApiError>) -> Value {
    let mut codes: Vec<_> = errors.iter().map(ApiError::code).collect();
    codes.dedup();
    let evaluations = errors.iter().all(|error| matches!(error, ApiError::Unevaluated { .. }));
    let schema = if evaluations { "EvaluationFailure" } else { "Failure" };
    let mut lines: Vec<_> =
        errors.iter().map(|error| format!("`{}`: {}.", error.code(), when(error))).collect();
    lines.dedup();
    let mut headers = Map::from_iter([("Cache-Control".to_owned(), super::operations::no_store())]);
    let mut examples = Map::new();
    let mut waiting = Vec::new();
    // Of two that share a status (`stripe_throttled`, `database_unavailable`) each has it.
    for error in errors {
        let (summary, code) = (when(&error), error.code());
        let answer = error.into_response(REQUEST_ID);
        waiting.push(answer.headers().contains_key("retry-after"));
        if let Some(seconds) = answer.headers().get("retry-after") {
            headers.insert(
                "Retry-After".to_owned(),
                json!({
                    "description": "Seconds until another try makes sense.", "required": false,
                    "schema": { "type": "integer", "minimum": 0 },
                    "example": seconds.to_str().ok().and_then(|text| text.parse::<u64>().ok())
                }),
            );
        }
        let body = match answer.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        };
        examples.insert(code.to_owned(), json!({ "summary": summary, "value": body }));
    }
    if waiting.iter().all(|waits| *waits)
        && let Some(header) = headers.get_mut("Retry-After")
    {
        header["required"] = json!(true);
    }
    json!({
        "description": lines.join("\n"),
        "headers": headers,
        "content": { "application/json": {
            "schema": {
                "allOf": [{ "$ref": format!("#/components/schemas/{schema}") },
                    { "properties": { "code": { "enum": codes } } }]
            },
            "examples": examples
        } }
    })
}

/// Adds what is not one type: the codes that there are, and API Gateway's own failure.
pub fn failure_schemas(components: &mut Map<String, Value>) {
    let mut codes: Vec<_> = every_failure().iter().map(ApiError::code).collect();
    codes.dedup();
    for name in ["Failure", "EvaluationFailure"] {
        let failure = components.get_mut(name);
        if let Some(code) = failure.and_then(|failure| failure.pointer_mut("/properties/code")) {
            code["enum"] = json!(codes);
        }
    }
    components.insert(
        "GatewayFailure".to_owned(),
        json!({
            "description": "API Gateway's own answer, where the function was not asked.", "type": "object",
            "properties": { "message": { "type": "string" } }, "required": ["message"]
        }),
    );
}
