"""Walks the Stripe emulator with Stripe's own SDK: `python check.py <base url> <secret key>`.

One line per check; ends at the first that fails.
"""

import json
import os
import sys
import threading
import time
import traceback
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe
from stripe import StripeClient
from stripe.events import UnknownEventNotification

arguments = sys.argv[1:] + [os.environ.get("STRIPE_API_BASE", ""), os.environ.get("STRIPE_SECRET_KEY", "")]
BASE, KEY = arguments[0], arguments[1]
if not (BASE and KEY):
    sys.exit("usage: python check.py <base url> <secret key>")

client = StripeClient(KEY, base_addresses={"api": BASE}, max_network_retries=0)
api = client.v1
core = client.v2.core
unique = format(time.time_ns(), "x")
received = []
known = {}


class Listener(BaseHTTPRequestHandler):
    """Keeps every delivery as it came."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        received.append((body, self.headers["stripe-signature"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
HOOK = f"http://127.0.0.1:{server.server_port}/hook"


def control(path, body):
    request = urllib.request.Request(
        f"{BASE}/_emulator/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(kind, call, **expected):
    try:
        call()
    except kind as error:
        for name, value in expected.items():
            assert getattr(error, name) == value, (name, getattr(error, name), value)
        return error
    raise AssertionError("was not refused")


def until(find):
    for _ in range(200):
        found = find()
        if found:
            return found
        time.sleep(0.025)
    raise AssertionError("nothing arrived in time")


def delivered(kind):
    return next((letter for letter in received if json.loads(letter[0])["type"] == kind), None)


def webhook_endpoints():
    """webhook endpoints: only create shows the secret"""
    endpoint = api.webhook_endpoints.create({"url": HOOK, "enabled_events": ["*"]})
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in api.webhook_endpoints.retrieve(endpoint.id)
    assert api.webhook_endpoints.list().data[0].id == endpoint.id
    known["endpoint"] = endpoint


def event_destinations():
    """event destinations: the secret and the address only where they are asked for; ping"""
    include = ["webhook_endpoint.signing_secret", "webhook_endpoint.url"]
    params = {
        "name": "Thin",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["*"],
        "webhook_endpoint": {"url": HOOK},
    }
    destination = core.event_destinations.create({**params, "include": include})
    assert destination.webhook_endpoint.signing_secret.startswith("whsec_")
    read = core.event_destinations.retrieve(destination.id)
    assert read.webhook_endpoint.signing_secret is None and read.webhook_endpoint.url is None
    listed = core.event_destinations.list({"limit": 1, "include": include[1:]}).auto_paging_iter()
    rows = {row.id: row for row in listed}
    assert rows.keys() == {destination.id, known["endpoint"].id}
    assert {row.webhook_endpoint.url for row in rows.values()} == {HOOK}
    nowhere = lambda: core.event_destinations.retrieve("ed_none")
    refused(stripe.InvalidRequestError, nowhere, http_status=404, code="not_found")
    wrong = {**params, "enabled_events": ["invoice.paid"]}
    invalid = lambda: core.event_destinations.create(wrong)
    refused(stripe.InvalidRequestError, invalid, http_status=400, code="invalid_fields")
    known["destination"] = destination
    ping = core.event_destinations.ping(destination.id)
    notification = notified("v2.core.event_destination.ping")
    assert notification.id == ping.id and notification.fetch_related_object().id == destination.id
    assert notification.reason.request.id == ping.last_response.request_id


def notified(kind):
    body, signature = until(lambda: delivered(kind))
    secret = known["destination"].webhook_endpoint.signing_secret
    notification = client.parse_event_notification(body, signature, secret)
    # A type that the SDK does not know is one that Stripe does not send.
    assert not isinstance(notification, UnknownEventNotification), notification
    return notification


def customers():
    """customers: create, retrieve, update, list"""
    customer = api.customers.create({"email": f"{unique}@example.com", "metadata": {"org": "7"}})
    api.customers.update(customer.id, {"name": "Ada", "metadata": {"org": "", "plan": "pro"}})
    read = api.customers.retrieve(customer.id)
    assert read.name == "Ada" and read.metadata.to_dict() == {"plan": "pro"}
    assert [row.id for row in api.customers.list({"email": f"{unique}@example.com"}).data] == [customer.id]
    known["customer"] = customer


def prices():
    """products and prices: lookup keys and expand"""
    product = api.products.create({"name": "Pro", "metadata": {"plan_code": "pro"}})
    price = {"product": product.id, "currency": "usd", "recurring": {"interval": "month"}}
    known["monthly"] = api.prices.create({**price, "unit_amount": 4900, "lookup_key": f"month_{unique}"})
    price["recurring"] = {"interval": "year"}
    known["yearly"] = api.prices.create({**price, "unit_amount": 49000, "lookup_key": f"year_{unique}"})
    found = api.prices.list({"lookup_keys": [f"month_{unique}"], "active": True, "expand": ["data.product"]})
    assert [row.product.name for row in found.data] == ["Pro"]
    assert api.prices.update(known["yearly"].id, {"nickname": "Yearly"}).nickname == "Yearly"
    assert api.prices.retrieve(known["yearly"].id).nickname == "Yearly"
    assert api.products.update(product.id, {"description": "All"}).description == "All"
    assert api.products.retrieve(product.id).description == "All"


def paging():
    """lists: cursors and automatic paging"""
    for count in range(5):
        api.products.create({"name": f"Page {count}", "metadata": {"batch": unique}})
    rows = api.products.list({"limit": 2}).auto_paging_iter()
    names = [row.name for row in rows if row.metadata.to_dict().get("batch") == unique]
    assert names == [f"Page {count}" for count in (4, 3, 2, 1, 0)], names
    first = api.products.list({"limit": 2})
    assert first.has_more
    assert api.products.list({"limit": 1, "ending_before": first.data[1].id}).data[0].id == first.data[0].id


def idempotency():
    """idempotency: replay, and other parameters refused"""
    options = {"idempotency_key": f"key-{unique}"}
    one = api.customers.create({"name": "Once"}, options)
    two = api.customers.create({"name": "Once"}, options)
    assert one.id == two.id
    assert two.last_response.headers["idempotent-replayed"] == "true"
    create = lambda: api.customers.create({"name": "Twice"}, options)
    refused(stripe.IdempotencyError, create, http_status=400)


def errors():
    """errors come as the SDK's own kinds"""
    wrong = StripeClient("sk_test_wrong", base_addresses={"api": BASE})
    refused(stripe.AuthenticationError, wrong.v1.customers.list, http_status=401)
    missing = refused(stripe.InvalidRequestError, lambda: api.customers.retrieve("cus_none"), http_status=404)
    assert missing.code == "resource_missing" and missing.param == "id"
    unknown = refused(stripe.InvalidRequestError, lambda: api.customers.create({"nickname": "x"}))
    assert unknown.code == "parameter_unknown"
    refused(stripe.InvalidRequestError, lambda: client.raw_request("get", "/v1/nowhere"), http_status=404)
    control("fail", {"path_prefix": "/v1/customers", "status": 429, "retry_after": 1})
    refused(stripe.RateLimitError, api.customers.list, http_status=429)
    control("fail", {"path_prefix": "/v1/customers", "status": 503})
    refused(stripe.APIError, api.customers.list, http_status=503)
    control("fail", {"path_prefix": "/v1/customers", "status": 0})
    refused(stripe.APIConnectionError, api.customers.list)


def checkout():
    """checkout sessions: create, refuse, pay, expand, list, expire"""
    params = {
        "mode": "subscription",
        "customer": known["customer"].id,
        "client_reference_id": "7",
        "line_items": [{"price": known["monthly"].id, "quantity": 2}],
        "subscription_data": {"metadata": {"org_id": "7"}},
        "success_url": "http://127.0.0.1:9/ok?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/no",
    }
    session = api.checkout.sessions.create(params)
    assert session.url == f"{BASE}/c/pay/{session.id}" and session.status == "open"
    gone = {**params, "customer": "cus_gone"}
    refused(stripe.InvalidRequestError, lambda: api.checkout.sessions.create(gone), param="customer")
    assert api.checkout.sessions.line_items.list(session.id).data[0].quantity == 2
    control(f"checkout/{session.id}/pay", {})
    session = api.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "line_items"]})
    assert session.payment_status == "paid" and session.subscription.status == "active"
    assert session.subscription.metadata["org_id"] == "7"
    known["session"], known["subscription"] = session, session.subscription
    second = api.checkout.sessions.create(params)
    assert api.checkout.sessions.expire(second.id).status == "expired"
    completed = api.checkout.sessions.list({"customer": known["customer"].id, "status": "complete"})
    assert [row.id for row in completed.data] == [session.id]


def delivery():
    """delivered events verify with construct_event"""
    body, signature = until(lambda: delivered("checkout.session.completed"))
    event = client.construct_event(body, signature, known["endpoint"].secret)
    assert event.data.object.id == known["session"].id
    refused(stripe.SignatureVerificationError, lambda: client.construct_event(body, signature, "whsec_other"))


def thin_events():
    """delivered thin events verify with parse_event_notification, and lead to what they name"""
    notification = notified("v1.checkout.session.completed")
    session = known["session"]
    assert notification.related_object.id == session.id
    assert notification.fetch_related_object().payment_status == "paid"
    snapshot = json.loads(until(lambda: delivered("checkout.session.completed"))[0])
    event = notification.fetch_event()
    assert event.snapshot_event == snapshot["id"] and event.related_object.id == session.id
    body, signature = delivered("v1.checkout.session.completed")
    other = lambda: client.parse_event_notification(body, signature, known["endpoint"].secret)
    refused(stripe.SignatureVerificationError, other)
    assert core.events.retrieve(notification.id).id == notification.id
    listed = core.events.list({"object_id": known["subscription"].id, "limit": 1}).auto_paging_iter()
    kinds = [event.type for event in listed]
    assert kinds == ["v1.customer.subscription.updated", "v1.customer.subscription.created"], kinds


def events():
    """events: types, created, delivery_success, retrieve"""
    query = {"types": ["customer.subscription.created"], "created": {"gte": known["session"].created}}
    assert api.events.list(query).data[0].data.object.id == known["subscription"].id
    query = {"type": "checkout.session.completed", "delivery_success": True}
    event = until(lambda: api.events.list(query).data)[0]
    assert api.events.retrieve(event.id).data.object.id == known["session"].id


def subscriptions():
    """subscriptions: list, change, schedule an end, fail, pay, cancel"""
    identity = known["subscription"].id
    listed = api.subscriptions.list({"customer": known["customer"].id, "status": "all"})
    assert [row.id for row in listed.data] == [identity]
    item = known["subscription"]["items"].data[0]
    year = api.subscriptions.update(identity, {"items": [{"id": item.id, "price": known["yearly"].id}]})
    assert year["items"].data[0].current_period_end > item.current_period_end
    assert api.subscriptions.update(identity, {"cancel_at_period_end": True}).cancel_at_period_end
    assert api.subscriptions.update(identity, {"cancel_at_period_end": False}).cancel_at is None
    old = client.raw_request("get", f"/v1/subscriptions/{identity}", stripe_version="2024-06-20")
    assert json.loads(old.body)["current_period_end"] == year["items"].data[0].current_period_end
    control("renew", {"subscription": identity, "succeeds": False})
    due = api.subscriptions.retrieve(identity, {"expand": ["latest_invoice"]})
    assert due.status == "past_due"
    refused(stripe.CardError, lambda: api.invoices.pay(due.latest_invoice.id), code="card_declined")
    paid = api.invoices.pay(due.latest_invoice.id, {"payment_method": "pm_card_visa"})
    assert api.invoices.retrieve(paid.id).status == "paid"
    invoice = api.invoices.list({"subscription": identity}).data[0]
    assert invoice.parent.subscription_details.subscription == identity
    made = api.subscriptions.create(
        {"customer": known["customer"].id, "items": [{"price": known["monthly"].id}]}
    )
    control("portal/set_status", {"subscription": made.id, "status": "paused"})
    assert api.subscriptions.resume(made.id).status == "active"
    assert api.subscriptions.cancel(made.id).status == "canceled"


def test_clocks():
    """test clocks: a trial ends"""
    start = int(time.time())
    clock = api.test_helpers.test_clocks.create({"frozen_time": start})
    customer = api.customers.create({"test_clock": clock.id})
    params = {"customer": customer.id, "items": [{"price": known["monthly"].id}], "trial_period_days": 7}
    trial = api.subscriptions.create(params)
    assert trial.status == "trialing"
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 8 * 86400})
    assert api.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert api.subscriptions.retrieve(trial.id).status == "active"
    assert api.test_helpers.test_clocks.delete(clock.id).deleted


def portal():
    """billing portal: configurations and sessions"""
    features = {"invoice_history": {"enabled": True}}
    configuration = api.billing_portal.configurations.create({"features": features})
    assert api.billing_portal.configurations.retrieve(configuration.id).features.invoice_history.enabled
    assert not api.billing_portal.configurations.update(configuration.id, {"active": False}).active
    assert api.billing_portal.configurations.list().data
    params = {"customer": known["customer"].id, "return_url": "http://127.0.0.1:9/back"}
    with urllib.request.urlopen(api.billing_portal.sessions.create(params).url) as page:
        assert "http://127.0.0.1:9/back" in page.read().decode()


def schedules():
    """subscription schedules: a downgrade in the portal waits, and is released"""
    dear = api.prices.create(
        {
            "product_data": {"name": "Team"},
            "currency": "usd",
            "unit_amount": 29900,
            "recurring": {"interval": "month"},
        }
    )
    customer = api.customers.create({}).id
    subscription = api.subscriptions.create({"customer": customer, "items": [{"price": dear.id}]}).id
    cheap = known["monthly"]
    update = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": price.product, "prices": [price.id]} for price in (cheap, dear)],
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    configuration = api.billing_portal.configurations.create({"features": {"subscription_update": update}})
    page = api.billing_portal.sessions.create({"customer": customer, "configuration": configuration.id}).url
    form = urllib.parse.urlencode({"act": "change", "price": cheap.id}).encode()
    with urllib.request.urlopen(f"{page}/{subscription}", form) as answer:
        assert "Your plan will change to Pro on " in answer.read().decode()
    waiting = api.subscriptions.retrieve(subscription, {"expand": ["schedule"]})
    assert waiting["items"].data[0].price.id == dear.id
    schedule = waiting.schedule
    assert schedule.status == "active" and schedule.end_behavior == "release"
    assert schedule.subscription == subscription
    assert [phase["items"][0].price for phase in schedule.phases] == [dear.id, cheap.id]
    assert schedule.current_phase.end_date == schedule.phases[1].start_date
    assert api.subscription_schedules.list({"customer": customer}).data[0].id == schedule.id
    old = client.raw_request("get", f"/v1/subscription_schedules/{schedule.id}", stripe_version="2024-06-20")
    assert "pause_schedules" not in json.loads(old.body)
    released = api.subscription_schedules.release(schedule.id)
    assert released.status == "released" and released.released_subscription == subscription
    assert api.subscription_schedules.retrieve(schedule.id).released_at == released.released_at
    until(lambda: delivered("subscription_schedule.released"))


def buy_once():
    price = api.prices.create({"product_data": {"name": "Add-on"}, "currency": "usd", "unit_amount": 900})
    params = {
        "mode": "payment",
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": "http://127.0.0.1:9/ok",
    }
    session = api.checkout.sessions.create(params)
    control(f"checkout/{session.id}/pay", {})
    return api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})


def payments():
    """payments, refunds and disputes: made, given back, taken back"""
    session = buy_once()
    intent, charge = session.payment_intent, session.payment_intent.latest_charge
    assert intent.status == "succeeded" and charge.paid and charge.amount == 900
    assert api.checkout.sessions.list({"payment_intent": intent.id}).data[0].id == session.id
    part = api.refunds.create({"payment_intent": intent.id, "amount": 400})
    assert part.status == "succeeded" and api.refunds.retrieve(part.id).charge == charge.id
    api.refunds.create({"charge": charge.id})
    assert api.charges.retrieve(charge.id).refunded
    again = {"charge": charge.id}
    refused(stripe.InvalidRequestError, lambda: api.refunds.create(again), code="charge_already_refunded")
    assert len(api.refunds.list({"charge": charge.id}).data) == 2
    opened = control("dispute", {"payment": buy_once().payment_intent.id})
    assert api.disputes.retrieve(opened["id"]).status == "needs_response"
    assert api.disputes.close(opened["id"]).status == "lost"
    assert api.disputes.list({"charge": opened["charge"]}).data[0].id == opened["id"]
    for kind in ("charge.refunded", "refund.created", "charge.dispute.closed"):
        until(lambda: delivered(kind))
    query = {"subscription": known["subscription"].id, "expand": ["data.payments"]}
    invoice = api.invoices.list(query).data[0]
    paid = api.invoice_payments.list({"invoice": invoice.id, "status": "paid"}).data[0]
    assert invoice.payments.data[0].id == paid.id
    assert api.payment_intents.retrieve(paid.payment.payment_intent).status == "succeeded"


def payment_links():
    """payment links: a visitor with a reference of their own"""
    params = {
        "line_items": [{"price": known["monthly"].id, "quantity": 1}],
        "metadata": {"from": "link"},
        "subscription_data": {"metadata": {"to": "sub"}},
    }
    link = api.payment_links.create(params)
    with urllib.request.urlopen(f"{link.url}?client_reference_id=org_7") as page:
        session = page.url.rsplit("/", 1)[1]
    control(f"checkout/{session}/pay", {})
    session = api.checkout.sessions.retrieve(session, {"expand": ["subscription"]})
    assert session.client_reference_id == "org_7" and session.payment_link == link.id
    assert session.metadata.to_dict() == {"from": "link"}
    assert session.subscription.metadata.to_dict() == {"to": "sub"}
    assert not api.payment_links.update(link.id, {"active": False}).active
    assert api.payment_links.retrieve(link.id).url == link.url


def endings():
    """a deleted customer ends its subscriptions; a deleted endpoint or destination is gone"""
    customer = known["customer"].id
    assert api.customers.delete(customer).deleted
    assert api.customers.retrieve(customer).deleted
    assert api.subscriptions.retrieve(known["subscription"].id).status == "canceled"
    portal = {"customer": customer}
    refused(stripe.InvalidRequestError, lambda: api.billing_portal.sessions.create(portal), param="customer")
    until(lambda: delivered("customer.deleted"))
    endpoint = known["endpoint"].id
    assert api.webhook_endpoints.update(endpoint, {"disabled": True}).status == "disabled"
    assert api.webhook_endpoints.delete(endpoint).deleted
    kinds = {event.type for event in core.events.list({"limit": 100}).auto_paging_iter()}
    assert len(kinds) > 20, kinds
    for kind in kinds:
        notified(kind)
    destination = known["destination"].id
    assert core.event_destinations.disable(destination).status == "disabled"
    assert core.event_destinations.enable(destination).status == "enabled"
    less = {"enabled_events": ["v1.invoice.paid"], "name": "Less"}
    changed = core.event_destinations.update(destination, less)
    assert changed.name == "Less" and changed.enabled_events == ["v1.invoice.paid"]
    assert core.event_destinations.delete(destination).id == destination
    assert core.event_destinations.list().data == []


CHECKS = [
    webhook_endpoints, event_destinations, customers, prices, paging, idempotency, errors, checkout, delivery,
    thin_events, events, subscriptions, test_clocks, payments, payment_links, portal, schedules, endings,
]

for check in CHECKS:
    try:
        check()
    except Exception:
        print(f"FAIL {check.__doc__}", file=sys.stderr)
        traceback.print_exc()
        sys.exit(1)
    print(f"ok   {check.__doc__}")
print("all checks passed")
