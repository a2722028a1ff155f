"""What schemathesis cannot know of our API: whose organization, which origin, how Stripe signs, what API
Gateway answers."""

import hashlib
import hmac
import os
import time

import requests
import schemathesis
from schemathesis import GenerationMode

BASE_URL = os.environ["BASE_URL"]
ORG_ID = os.environ["ORG_ID"]
SECRET = os.environ["WEBHOOK_SECRET"]
# Of catalogue.toml, without the one that everybody has.
PLANS = ["pro", "enterprise"]
# Of enterprise, which is sold 999 times at most, with five seats each.
MOST_SEATS = 4995
FLAGS = ["canExportMD", "hasAPI"]
# What no answer may hold: our secrets, our SQL, our language.
LEAKS = [
    SECRET, "whsec_", "sk_test_", "postgres", "SELECT ", "pf_apply", "panicked", "RUST_BACKTRACE", ".rs:",
    "tokio",
]


class StripeSignature(requests.auth.AuthBase):
    """Signs what is sent, as Stripe does."""

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        now = int(time.time())
        signature = hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={now},v1={signature}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    """Events are signed, but those that are meant to lack a signature."""
    is_webhook = case.operation.path == "/api/webhooks/stripe"
    if is_webhook and not case.operation.schema.is_security_param_negated(case):
        kwargs["auth"] = StripeSignature()


@schemathesis.hook
def map_case(context, case):
    """Half of the well-formed requests are about the demo organization, else none gets further than 403."""
    if not case.meta or case.meta.generation.mode != GenerationMode.POSITIVE:
        return case
    # Every other flag is one that there is.
    key = (case.path_parameters or {}).get("key")
    if isinstance(key, str) and len(key) % 2 == 0:
        case.path_parameters["key"] = FLAGS[len(key) % 4 // 2]
    return at_home(case)


@schemathesis.hook
def before_add_examples(context, examples):
    """The examples name the port that the stack has if nobody chooses another."""
    for example in examples:
        at_home(example)


def at_home(case):
    context = case.body.get("context") if isinstance(case.body, dict) else None
    for name, fields in (("orgId", case.body), ("orgId", case.query), ("targetingKey", context)):
        org = fields.get(name) if isinstance(fields, dict) else None
        if isinstance(org, str) and org[-1] in "01234567":
            fields[name] = ORG_ID
    body = case.body if isinstance(case.body, dict) else {}
    # Which plans are sold and with how many seats, no schema says: the catalogue does. To JSON Schema 2.0 is
    # an integer.
    for order in (body, body.get("flow")):
        if not isinstance(order, dict) or not isinstance(order.get("planCode"), str):
            continue
        if order["planCode"] not in PLANS:
            order["planCode"] = PLANS[len(order["planCode"]) % len(PLANS)]
        if isinstance(order.get("seats"), (int, float)):
            is_several = order["planCode"] == "enterprise"
            order["seats"] = int(order["seats"]) % MOST_SEATS + 1 if is_several else 1
    # Which origins are allowed is configuration, of which a schema cannot tell.
    for field in ("returnUrl", "successUrl", "cancelUrl"):
        if isinstance(body.get(field), str):
            body[field] = f"{BASE_URL}/billing"
    # The same of currencies: the catalogue says in which a plan is sold.
    if isinstance(body.get("currency"), str):
        body["currency"] = "usd"
    return case


@schemathesis.check
def tells_nothing_of_itself(ctx, response, case):
    text = response.text
    for leak in LEAKS:
        assert leak not in text, f"the answer holds {leak!r}"


@schemathesis.check
def never_redirects(ctx, response, case):
    location = response.headers.get("location")
    expected = {*range(200, 300), 304, *range(400, 600)}
    assert location is None and response.status_code in expected, f"{response.status_code} {location}"


@schemathesis.check
def what_is_no_route_is_api_gateways_404(ctx, response, case):
    method = response.request.method
    if method in (case.operation.method.upper(), "OPTIONS"):
        return
    assert response.status_code == 404, f"{method} is answered {response.status_code}"
    assert method == "HEAD" or response.json() == {"message": "Not Found"}, response.text


@schemathesis.check
def an_event_without_a_valid_signature_is_refused(ctx, response, case):
    operation = case.operation.definition.raw.get("operationId")
    if operation != "receiveStripeEvent" or response.request.method != "POST":
        return
    timestamp, _, signature = response.request.headers.get("Stripe-Signature", "").partition(",v1=")
    body = response.request.body or b""
    body = body.encode() if isinstance(body, str) else body
    signed = timestamp.removeprefix("t=").encode("latin-1") + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode("latin-1")):
        refused = response.status_code in (400, 413) and response.json()["success"] is False
        assert refused, f"an unsigned event is answered {response.status_code}"
