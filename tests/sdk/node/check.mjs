// Walks the Stripe emulator with Stripe's own SDK: `node check.mjs <base url> <secret key>`.
// One line per check; ends at the first that fails.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import Stripe from 'stripe';

const [baseUrl = process.env.STRIPE_API_BASE, key = process.env.STRIPE_SECRET_KEY] = process.argv.slice(2);
assert.ok(baseUrl && key, 'usage: node check.mjs <base url> <secret key>');

const { hostname, port } = new URL(baseUrl);
const options = {
  host: hostname,
  port: Number(port),
  protocol: 'http',
  maxNetworkRetries: 0,
  telemetry: false,
};
const stripe = new Stripe(key, options);

const unique = Date.now().toString(36);
const received = [];

async function check(name, work) {
  try {
    await work();
    console.log(`ok   ${name}`);
  } catch (error) {
    console.error(`FAIL ${name}`);
    console.error(error);
    process.exit(1);
  }
}

async function refused(promise, kind, expected) {
  const error = await promise.then(() => assert.fail('was not refused'), (error) => error);
  assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, name);
  return error;
}

async function control(path, body) {
  const answer = await fetch(`${baseUrl}/_emulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return answer.json();
}

async function until(find) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail('nothing arrived in time');
}

const listener = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    received.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    response.end('ok');
  });
});
await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
const hook = `http://127.0.0.1:${listener.address().port}`;
const delivered = (path, type) =>
  received.filter((letter) => letter.path === path).find((letter) => JSON.parse(letter.body).type === type);

let endpoint, oldEndpoint, destination, customer, product, monthly, yearly, session, subscription;

await check('webhook endpoints: create shows the secret, nothing else does', async () => {
  endpoint = await stripe.webhookEndpoints.create({ url: `${hook}/new`, enabled_events: ['*'] });
  assert.match(endpoint.secret, /^whsec_/);
  oldEndpoint = await stripe.webhookEndpoints.create({
    url: `${hook}/old`,
    enabled_events: ['customer.subscription.updated', 'invoice.paid'],
    api_version: '2024-06-20',
  });
  const read = await stripe.webhookEndpoints.retrieve(endpoint.id);
  assert.equal(read.secret, undefined);
  const listed = await stripe.webhookEndpoints.list({ limit: 100 });
  assert.ok(listed.data.some(({ id }) => id === oldEndpoint.id));
});

await check('event destinations: create, retrieve, list, errors, ping', async () => {
  const { eventDestinations } = stripe.v2.core;
  const params = {
    name: 'Thin',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    webhook_endpoint: { url: `${hook}/thin` },
    enabled_events: ['v1.checkout.session.completed', 'v1.customer.subscription.updated', 'v1.invoice.paid'],
  };
  const include = ['webhook_endpoint.url'];
  destination = await eventDestinations.create({
    ...params,
    include: ['webhook_endpoint.signing_secret', ...include],
  });
  assert.match(destination.webhook_endpoint.signing_secret, /^whsec_/);
  assert.equal(destination.webhook_endpoint.url, `${hook}/thin`);
  const read = await eventDestinations.retrieve(destination.id, { include });
  assert.deepEqual(read.webhook_endpoint, { signing_secret: null, url: `${hook}/thin` });
  const listed = [];
  for await (const row of eventDestinations.list({ limit: 2, include })) listed.push(row);
  assert.deepEqual(listed.map(({ id }) => id).sort(), [destination.id, endpoint.id, oldEndpoint.id].sort());
  assert.deepEqual(listed.find(({ id }) => id === destination.id), read);
  assert.equal(listed.find(({ id }) => id === endpoint.id).event_payload, 'snapshot');
  const { StripeInvalidRequestError, StripeIdempotencyError } = Stripe.errors;
  await refused(eventDestinations.retrieve('ed_none'), StripeInvalidRequestError, {
    statusCode: 404,
    code: 'not_found',
  });
  const snapshots = { ...params, enabled_events: ['invoice.paid'] };
  await refused(eventDestinations.create(snapshots), StripeInvalidRequestError, {
    statusCode: 400,
    code: 'invalid_fields',
  });
  const idempotencyKey = `destination-${unique}`;
  const once = await eventDestinations.create({ ...params, name: 'Once' }, { idempotencyKey });
  assert.equal((await eventDestinations.create({ ...params, name: 'Once' }, { idempotencyKey })).id, once.id);
  const other = eventDestinations.create(params, { idempotencyKey });
  await refused(other, StripeIdempotencyError, { statusCode: 409 });
  assert.equal((await eventDestinations.del(once.id)).id, once.id);
  const ping = await eventDestinations.ping(destination.id);
  const letter = await until(() => delivered('/thin', 'v2.core.event_destination.ping'));
  const { signing_secret: secret } = destination.webhook_endpoint;
  const notification = stripe.parseEventNotification(letter.body, letter.headers['stripe-signature'], secret);
  assert.deepEqual([notification.id, notification.related_object.id], [ping.id, destination.id]);
  assert.equal(notification.reason.request.id, ping.lastResponse.requestId);
  assert.equal((await notification.fetchRelatedObject()).id, destination.id);
});

await check('customers: create, retrieve, update, list', async () => {
  customer = await stripe.customers.create({
    email: `${unique}@example.com`,
    name: 'Ada',
    metadata: { org: '7' },
  });
  assert.equal(customer.livemode, key.startsWith('sk_live_'));
  const updated = await stripe.customers.update(customer.id, {
    name: 'Ada L.',
    metadata: { org: '', plan: 'pro' },
  });
  assert.deepEqual(updated.metadata, { plan: 'pro' });
  const read = await stripe.customers.retrieve(customer.id);
  assert.equal(read.name, 'Ada L.');
  const listed = await stripe.customers.list({ email: `${unique}@example.com` });
  assert.deepEqual(listed.data.map(({ id }) => id), [customer.id]);
  assert.match(read.lastResponse.requestId, /^req_/);
});

await check('products and prices: create, update, lookup keys, expand', async () => {
  product = await stripe.products.create({ name: 'Pro', metadata: { plan_code: 'pro' } });
  const recurring = { interval: 'month' };
  monthly = await stripe.prices.create({
    product: product.id, currency: 'usd', unit_amount: 4900, recurring, lookup_key: `month_${unique}`,
  });
  yearly = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 49000,
    recurring: { interval: 'year' },
    lookup_key: `year_${unique}`,
  });
  const found = await stripe.prices.list({
    lookup_keys: [`month_${unique}`, `year_${unique}`], active: true, expand: ['data.product'],
  });
  assert.equal(found.data.length, 2);
  assert.equal(found.data[0].product.name, 'Pro');
  await refused(
    stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 1,
      recurring,
      lookup_key: `month_${unique}`,
    }),
    Stripe.errors.StripeInvalidRequestError,
    { statusCode: 400, param: 'lookup_key' },
  );
  const taken = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 5900,
    recurring,
    lookup_key: `month_${unique}`,
    transfer_lookup_key: true,
  });
  assert.equal((await stripe.prices.retrieve(monthly.id)).lookup_key, null);
  assert.equal((await stripe.prices.update(monthly.id, { nickname: 'old', active: false })).active, false);
  monthly = taken;
  assert.equal(
    (await stripe.products.update(product.id, { description: 'All of it' })).description,
    'All of it',
  );
  assert.equal((await stripe.products.retrieve(product.id)).description, 'All of it');
  assert.ok((await stripe.products.list({ active: true })).data.some(({ id }) => id === product.id));
});

await check('lists: cursors and automatic paging', async () => {
  const metadata = { batch: unique };
  for (let count = 0; count < 5; count += 1)
    await stripe.products.create({ name: `Page ${count}`, metadata });
  const names = [];
  for await (const item of stripe.products.list({ limit: 2 })) {
    if (item.metadata.batch === unique) names.push(item.name);
  }
  assert.deepEqual(names, ['Page 4', 'Page 3', 'Page 2', 'Page 1', 'Page 0']);
  const first = await stripe.products.list({ limit: 2 });
  assert.equal(first.has_more, true);
  const back = await stripe.products.list({ limit: 1, ending_before: first.data[1].id });
  assert.equal(back.data[0].id, first.data[0].id);
});

await check('idempotency: replay, and other parameters refused', async () => {
  const idempotencyKey = `key-${unique}`;
  const one = await stripe.customers.create({ name: 'Once' }, { idempotencyKey });
  const two = await stripe.customers.create({ name: 'Once' }, { idempotencyKey });
  assert.equal(one.id, two.id);
  assert.equal(two.lastResponse.headers['idempotent-replayed'], 'true');
  await refused(
    stripe.customers.create({ name: 'Twice' }, { idempotencyKey }),
    Stripe.errors.StripeIdempotencyError,
    {
      statusCode: 400,
    },
  );
});

await check('idempotency: a key in flight conflicts', async () => {
  const idempotencyKey = `flight-${unique}`;
  await control('fail', {
    method: 'POST',
    path_prefix: '/v1/customers',
    status: 200,
    times: 1,
    delay_ms: 400,
  });
  const slow = stripe.customers.create({ name: 'Slow' }, { idempotencyKey });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await refused(stripe.customers.create({ name: 'Slow' }, { idempotencyKey }), Stripe.errors.StripeError, {
    statusCode: 409,
  });
  await slow;
});

await check("errors come as the SDK's own kinds", async () => {
  const {
    StripeAuthenticationError,
    StripeConnectionError,
    StripeInvalidRequestError,
    StripeRateLimitError,
    StripeAPIError,
  } = Stripe.errors;
  await refused(new Stripe('sk_test_wrong', options).customers.list(), StripeAuthenticationError, {
    statusCode: 401,
  });
  await refused(stripe.customers.retrieve('cus_none'), StripeInvalidRequestError, {
    statusCode: 404, code: 'resource_missing', param: 'id', message: "No such customer: 'cus_none'",
  });
  await refused(stripe.customers.create({ nickname: 'x' }), StripeInvalidRequestError, {
    code: 'parameter_unknown', param: 'nickname',
  });
  await refused(stripe.rawRequest('GET', '/v1/nowhere'), StripeInvalidRequestError, { statusCode: 404 });
  await control('fail', { path_prefix: '/v1/customers', status: 429, retry_after: 1 });
  await refused(stripe.customers.list(), StripeRateLimitError, { statusCode: 429 });
  await control('fail', { path_prefix: '/v1/customers', status: 503 });
  await refused(stripe.customers.list(), StripeAPIError, { statusCode: 503 });
  // The SDK takes one reset for a stale kept-alive connection and tries again.
  await control('fail', { path_prefix: '/v1/customers', status: 0, times: 2 });
  await refused(stripe.customers.list(), StripeConnectionError, {});
});

await check('a fault is passed over by the SDK\'s retries', async () => {
  await control('fail', { path_prefix: '/v1/customers', status: 500, times: 1 });
  const patient = new Stripe(key, { ...options, maxNetworkRetries: 2 });
  assert.ok((await patient.customers.create({ name: 'Patient' })).id);
});

await check('checkout sessions: create, retrieve with line items, refusals', async () => {
  const params = {
    mode: 'subscription',
    customer: customer.id,
    client_reference_id: '7',
    line_items: [{ price: monthly.id, quantity: 2 }],
    metadata: { org_id: '7' },
    subscription_data: { metadata: { org_id: '7' } },
    allow_promotion_codes: true,
    automatic_tax: { enabled: true },
    customer_update: { address: 'auto' },
    success_url: 'http://127.0.0.1:9/ok?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:9/no',
  };
  session = await stripe.checkout.sessions.create(params);
  assert.equal(session.url, `${baseUrl}/c/pay/${session.id}`);
  assert.equal(session.expires_at - session.created, 86400);
  const read = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['line_items.data.price.product', 'customer'],
  });
  assert.equal(read.line_items.data[0].price.product.name, 'Pro');
  assert.equal(read.customer.id, customer.id);
  const items = await stripe.checkout.sessions.listLineItems(session.id);
  assert.equal(items.data[0].quantity, 2);
  const { StripeInvalidRequestError } = Stripe.errors;
  await refused(
    stripe.checkout.sessions.create({ ...params, customer: 'cus_gone' }),
    StripeInvalidRequestError,
    {
      code: 'resource_missing',
      param: 'customer',
      statusCode: 400,
    },
  );
  await refused(
    stripe.checkout.sessions.create({ ...params, line_items: [{ price: 'price_x', quantity: 1 }] }),
    StripeInvalidRequestError,
    { code: 'resource_missing', param: 'line_items[0][price]' },
  );
  const open = await stripe.checkout.sessions.list({ customer: customer.id, status: 'open' });
  assert.deepEqual(open.data.map(({ id }) => id), [session.id]);
});

await check('the hosted page: declined, then paid, then back', async () => {
  const page = await (await fetch(session.url)).text();
  assert.ok(page.includes('Pro') && page.includes('Local test mode'));
  const declined = await fetch(`${session.url}/decline`, { method: 'POST' });
  assert.ok((await declined.text()).includes('declined'));
  const paid = await fetch(`${session.url}/pay`, { method: 'POST', redirect: 'manual' });
  assert.equal(paid.status, 303);
  assert.equal(paid.headers.get('location'), `http://127.0.0.1:9/ok?session=${session.id}`);
  session = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription.latest_invoice'] });
  assert.deepEqual([session.status, session.payment_status], ['complete', 'paid']);
  subscription = session.subscription;
  assert.equal(subscription.status, 'active');
  assert.equal(subscription.metadata.org_id, '7');
  assert.equal(subscription.latest_invoice.parent.subscription_details.subscription, subscription.id);
  assert.ok(
    (await (await fetch(session.url ?? `${baseUrl}/c/pay/${session.id}`)).text()).includes('complete'),
  );
});

await check('delivered events verify with constructEvent, in both shapes', async () => {
  const letter = await until(() => delivered('/new', 'checkout.session.completed'));
  const event = stripe.webhooks.constructEvent(
    letter.body,
    letter.headers['stripe-signature'],
    endpoint.secret,
  );
  assert.equal(event.data.object.id, session.id);
  assert.throws(
    () => stripe.webhooks.constructEvent(letter.body, letter.headers['stripe-signature'], 'whsec_other'),
    Stripe.errors.StripeSignatureVerificationError,
  );
  const old = await until(() => delivered('/old', 'customer.subscription.updated'));
  const shaped = stripe.webhooks.constructEvent(
    old.body,
    old.headers['stripe-signature'],
    oldEndpoint.secret,
  );
  assert.equal(shaped.api_version, '2024-06-20');
  assert.equal(shaped.data.object.current_period_end, subscription.items.data[0].current_period_end);
  const invoice = JSON.parse((await until(() => delivered('/old', 'invoice.paid'))).body).data.object;
  assert.equal(invoice.subscription, subscription.id);
});

await check('delivered thin events verify, and lead to what they name', async () => {
  const { signing_secret: secret } = destination.webhook_endpoint;
  const { body, headers } = await until(() => delivered('/thin', 'v1.checkout.session.completed'));
  const notification = stripe.parseEventNotification(body, headers['stripe-signature'], secret);
  const snapshot = JSON.parse((await until(() => delivered('/new', 'checkout.session.completed'))).body);
  assert.deepEqual([notification.snapshot_event, notification.related_object.id], [snapshot.id, session.id]);
  assert.equal(Date.parse(notification.created), snapshot.created * 1000);
  assert.equal((await notification.fetchRelatedObject()).payment_status, 'paid');
  assert.equal((await notification.fetchEvent()).snapshot_event, snapshot.id);
  assert.throws(
    () => stripe.parseEventNotification(body, headers['stripe-signature'], endpoint.secret),
    Stripe.errors.StripeSignatureVerificationError,
  );
  const constructed = () => stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret);
  assert.throws(constructed, /thin event notification/);
  const update = await until(() => delivered('/thin', 'v1.customer.subscription.updated'));
  const event = await stripe.v2.core.events.retrieve(JSON.parse(update.body).id);
  assert.deepEqual(event.changes, { before: { status: 'incomplete' }, after: { status: 'active' } });
  assert.equal((await event.fetchRelatedObject()).id, subscription.id);
  const types = [];
  const about = { object_id: subscription.id, limit: 1 };
  for await (const { type } of stripe.v2.core.events.list(about)) types.push(type);
  assert.deepEqual(types, ['v1.customer.subscription.updated', 'v1.customer.subscription.created']);
  const invoices = await stripe.v2.core.events.list({
    types: ['v1.invoice.paid', 'v1.invoice.created'],
    created: { gte: event.created },
  });
  assert.ok(invoices.data.length > 0 && invoices.data.every(({ type }) => type.startsWith('v1.invoice.')));
  assert.equal(delivered('/thin', 'v1.customer.created'), undefined);
});

await check('events: types, created, delivery_success, retrieve', async () => {
  await until(() => delivered('/new', 'checkout.session.completed'));
  const events = await stripe.events.list({
    types: ['checkout.session.completed', 'customer.subscription.created'],
    created: { gte: session.created },
    limit: 100,
  });
  assert.ok(events.data.some(({ data }) => data.object.id === subscription.id));
  const done = await until(async () => {
    const found = await stripe.events.list({ type: 'checkout.session.completed', delivery_success: true });
    return found.data.find(({ data }) => data.object.id === session.id);
  });
  const event = await stripe.events.retrieve(done.id);
  assert.equal(event.object, 'event');
  assert.equal(event.pending_webhooks, 0);
});

await check('an older API version gets the older shape', async () => {
  const old = await stripe.subscriptions.retrieve(subscription.id, {}, { apiVersion: '2024-06-20' });
  assert.equal(old.current_period_end, subscription.items.data[0].current_period_end);
  assert.equal(old.items.data[0].current_period_end, undefined);
});

await check('subscriptions: list, change plan and quantity, schedule an end, pause', async () => {
  const listed = await stripe.subscriptions.list({ customer: customer.id, status: 'all', price: monthly.id });
  assert.deepEqual(listed.data.map(({ id }) => id), [subscription.id]);
  const [item] = subscription.items.data;
  const more = await stripe.subscriptions.update(subscription.id, { items: [{ id: item.id, quantity: 5 }] });
  assert.equal(more.items.data[0].quantity, 5);
  const year = await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item.id, price: yearly.id }],
  });
  assert.equal(year.items.data[0].plan.id, yearly.id);
  assert.ok(year.items.data[0].current_period_end > item.current_period_end);
  const ending = await stripe.subscriptions.update(subscription.id, {
    cancel_at_period_end: true,
    metadata: { note: 'x' },
  });
  assert.equal(ending.cancel_at, ending.items.data[0].current_period_end);
  assert.equal(ending.metadata.org_id, '7');
  const staying = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
  assert.equal(staying.cancel_at, null);
  const paused = await stripe.subscriptions.update(subscription.id, {
    pause_collection: { behavior: 'void' },
  });
  assert.equal(paused.pause_collection.behavior, 'void');
  const collecting = await stripe.subscriptions.update(subscription.id, { pause_collection: '' });
  assert.equal(collecting.pause_collection, null);
  const update = await until(() =>
    received
      .filter(({ path }) => path === '/new')
      .map(({ body }) => JSON.parse(body))
      .find(({ data }) => data.previous_attributes?.cancel_at_period_end === false),
  );
  assert.equal(update.type, 'customer.subscription.updated');
});

await check('a renewal fails, the open invoice is paid', async () => {
  await control('renew', { subscription: subscription.id, succeeds: false });
  const due = await stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] });
  assert.deepEqual([due.status, due.latest_invoice.status], ['past_due', 'open']);
  await refused(stripe.invoices.pay(due.latest_invoice.id), Stripe.errors.StripeCardError, {
    code: 'card_declined',
  });
  const paid = await stripe.invoices.pay(due.latest_invoice.id, { payment_method: 'pm_card_visa' });
  assert.equal(paid.status, 'paid');
  assert.equal((await stripe.subscriptions.retrieve(subscription.id)).status, 'active');
  const invoices = await stripe.invoices.list({ subscription: subscription.id, status: 'paid' });
  assert.equal(invoices.data[0].id, paid.id);
  assert.equal((await stripe.invoices.retrieve(paid.id)).amount_paid, paid.amount_due);
});

await check('subscriptions made by the API: incomplete, paid, resumed', async () => {
  const items = [{ price: monthly.id }];
  const waiting = await stripe.subscriptions.create({
    customer: customer.id,
    items,
    payment_behavior: 'default_incomplete',
  });
  assert.equal(waiting.status, 'incomplete');
  await control('pay', { subscription: waiting.id });
  assert.equal((await stripe.subscriptions.retrieve(waiting.id)).status, 'active');
  await control('portal/set_status', { subscription: waiting.id, status: 'paused' });
  assert.equal(
    (await stripe.subscriptions.resume(waiting.id, { billing_cycle_anchor: 'now' })).status,
    'active',
  );
  const canceled = await stripe.subscriptions.cancel(waiting.id);
  assert.equal(canceled.status, 'canceled');
  await refused(stripe.subscriptions.cancel(waiting.id), Stripe.errors.StripeInvalidRequestError, {
    statusCode: 404,
  });
  await until(() => delivered('/new', 'customer.subscription.resumed'));
});

await check('test clocks: a trial ends, a period renews, an end comes', async () => {
  const start = Math.floor(Date.now() / 1000);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start, name: unique });
  const timed = await stripe.customers.create({ test_clock: clock.id });
  const trial = await stripe.subscriptions.create({
    customer: timed.id, items: [{ price: monthly.id }], trial_period_days: 7,
  });
  assert.equal(trial.status, 'trialing');
  const advance = (days) =>
    stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: start + days * 86400 });
  await advance(8);
  assert.equal((await stripe.testHelpers.testClocks.retrieve(clock.id)).status, 'ready');
  const running = await stripe.subscriptions.retrieve(trial.id);
  assert.equal(running.status, 'active');
  assert.equal(running.items.data[0].current_period_start, trial.trial_end);
  await stripe.subscriptions.update(trial.id, { cancel_at_period_end: true });
  await advance(50);
  assert.equal((await stripe.subscriptions.retrieve(trial.id)).status, 'canceled');
  assert.equal((await stripe.testHelpers.testClocks.del(clock.id)).deleted, true);
});

await check('one-time payments: settled later, and expired', async () => {
  const once = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 900 });
  const params = {
    mode: 'payment', line_items: [{ price: once.id, quantity: 1 }], metadata: { addon_flags: 'x' },
    success_url: 'http://127.0.0.1:9/ok', cancel_url: 'http://127.0.0.1:9/no',
  };
  const late = await stripe.checkout.sessions.create({ ...params, payment_method_types: ['sepa_debit'] });
  await control(`checkout/${late.id}/pay`, {});
  assert.equal((await stripe.checkout.sessions.retrieve(late.id)).payment_status, 'unpaid');
  await control(`checkout/${late.id}/settle`, { succeeds: true });
  assert.equal((await stripe.checkout.sessions.retrieve(late.id)).payment_status, 'paid');
  await until(() => delivered('/new', 'checkout.session.async_payment_succeeded'));
  const given = await stripe.checkout.sessions.create(params);
  assert.equal((await stripe.checkout.sessions.expire(given.id)).status, 'expired');
  await refused(stripe.checkout.sessions.expire(given.id), Stripe.errors.StripeInvalidRequestError, {
    statusCode: 400,
  });
});

await check('payments: intents, charges, and which invoice they paid', async () => {
  const now = await stripe.subscriptions.retrieve(subscription.id, {
    expand: ['customer', 'latest_invoice.payments.data.payment.payment_intent'],
  });
  assert.equal(now.customer.name, 'Ada L.');
  const [payment] = now.latest_invoice.payments.data;
  assert.equal(payment.status, 'paid');
  const intent = payment.payment.payment_intent;
  assert.equal(intent.status, 'succeeded');
  const charge = await stripe.charges.retrieve(intent.latest_charge, { expand: ['refunds'] });
  assert.deepEqual([charge.payment_intent, charge.customer], [intent.id, customer.id]);
  assert.deepEqual(charge.refunds.data, []);
  const byIntent = { type: 'payment_intent', payment_intent: intent.id };
  const found = await stripe.invoicePayments.list({ payment: byIntent });
  assert.equal(found.data[0].invoice, now.latest_invoice.id);
  const alone = await stripe.invoicePayments.retrieve(payment.id);
  assert.equal(alone.amount_paid, now.latest_invoice.amount_paid);
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).amount_received, intent.amount);
  const old = await stripe.charges.retrieve(charge.id, {}, { apiVersion: '2024-06-20' });
  assert.equal(old.invoice, now.latest_invoice.id);
  for (const [resource, one] of [['charges', charge], ['paymentIntents', intent]]) {
    const theirs = await stripe[resource].list({ customer: customer.id });
    assert.ok(theirs.data.some(({ id }) => id === one.id), resource);
  }
  const listed = await stripe.subscriptions.list({
    customer: customer.id, status: 'all', expand: ['data.customer'],
  });
  assert.equal(listed.data[0].customer.id, customer.id);
});

const buyOnce = async () => {
  const once = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 900 });
  const given = await stripe.checkout.sessions.create({
    mode: 'payment', line_items: [{ price: once.id, quantity: 1 }], success_url: 'http://127.0.0.1:9/ok',
  });
  await control(`checkout/${given.id}/pay`, {});
  return stripe.checkout.sessions.retrieve(given.id);
};

await check('refunds: a part, the rest, no more, and one that fails', async () => {
  const bought = await buyOnce();
  const found = await stripe.checkout.sessions.list({ payment_intent: bought.payment_intent });
  assert.deepEqual(found.data.map(({ id }) => id), [bought.id]);
  const { StripeInvalidRequestError } = Stripe.errors;
  const part = await stripe.refunds.create({
    payment_intent: bought.payment_intent, amount: 400, reason: 'duplicate',
  });
  assert.deepEqual([part.status, part.reason], ['succeeded', 'duplicate']);
  const tooMuch = { charge: part.charge, amount: 501 };
  await refused(stripe.refunds.create(tooMuch), StripeInvalidRequestError, { param: 'amount' });
  const rest = await stripe.refunds.create({ charge: part.charge });
  assert.equal((await stripe.charges.retrieve(part.charge)).refunded, true);
  await refused(stripe.refunds.create({ charge: part.charge }), StripeInvalidRequestError, {
    code: 'charge_already_refunded',
  });
  const listed = await stripe.refunds.list({ charge: part.charge });
  assert.deepEqual(listed.data.map(({ id }) => id), [rest.id, part.id]);
  const noted = await stripe.refunds.update(rest.id, { metadata: { ticket: '7' } });
  assert.deepEqual(noted.metadata, { ticket: '7' });
  await control(`refund/${rest.id}/fail`, {});
  assert.equal((await stripe.refunds.retrieve(rest.id)).status, 'failed');
  assert.equal((await stripe.charges.retrieve(part.charge)).amount_refunded, 400);
  const told = [
    'charge.refunded', 'refund.created', 'refund.updated', 'charge.refund.updated', 'refund.failed',
  ];
  for (const type of told) {
    const { body, headers } = await until(() => delivered('/new', type));
    const event = stripe.webhooks.constructEvent(body, headers['stripe-signature'], endpoint.secret);
    assert.equal(event.data.object.object, type === 'charge.refunded' ? 'charge' : 'refund');
  }
});

await check('disputes: opened, answered, won, and given up', async () => {
  const [won, lost] = [await buyOnce(), await buyOnce()];
  const dispute = await control('dispute', { payment: won.payment_intent });
  assert.equal((await stripe.disputes.retrieve(dispute.id)).status, 'needs_response');
  const back = stripe.refunds.create({ payment_intent: won.payment_intent });
  await refused(back, Stripe.errors.StripeInvalidRequestError, { code: 'charge_disputed' });
  const answered = await stripe.disputes.update(dispute.id, {
    evidence: { product_description: 'A plan' }, submit: false,
  });
  assert.equal(answered.evidence_details.has_evidence, true);
  const closed = await stripe.disputes.update(dispute.id, {
    evidence: { uncategorized_text: 'winning_evidence' },
  });
  assert.deepEqual([closed.status, closed.balance_transactions.length], ['won', 2]);
  const second = await control('dispute', { payment: lost.payment_intent });
  assert.equal((await stripe.disputes.close(second.id)).status, 'lost');
  const listed = await stripe.disputes.list({ charge: second.charge });
  assert.deepEqual(listed.data.map(({ id }) => id), [second.id]);
  for (const type of ['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated']) {
    await until(() => delivered('/new', `charge.dispute.${type}`));
  }
});

await check('payment links: a visitor with a reference of their own', async () => {
  const link = await stripe.paymentLinks.create({
    line_items: [{ price: monthly.id, quantity: 1 }], metadata: { from: 'link' },
    subscription_data: { metadata: { to: 'sub' } },
  });
  assert.equal((await stripe.paymentLinks.listLineItems(link.id)).data[0].price.id, monthly.id);
  const page = await fetch(`${link.url}?client_reference_id=org_7`);
  const given = new URL(page.url).pathname.split('/').at(-1);
  await control(`checkout/${given}/pay`, {});
  const paid = await stripe.checkout.sessions.retrieve(given, { expand: ['subscription'] });
  assert.deepEqual([paid.client_reference_id, paid.payment_link], ['org_7', link.id]);
  assert.equal(paid.metadata.from, 'link');
  assert.deepEqual({ ...paid.subscription.metadata }, { to: 'sub' });
  const bySubscription = await stripe.checkout.sessions.list({ subscription: paid.subscription.id });
  assert.equal(bySubscription.data[0].id, given);
  assert.equal((await stripe.paymentLinks.update(link.id, { active: false })).active, false);
  assert.equal((await stripe.paymentLinks.retrieve(link.id)).url, link.url);
  assert.ok((await stripe.paymentLinks.list({ active: false })).data.some(({ id }) => id === link.id));
});

await check('an upgrade that cannot be paid: past due, refused, or waiting', async () => {
  const buyer = await stripe.customers.create({});
  const made = await stripe.subscriptions.create({
    customer: buyer.id, items: [{ price: monthly.id }], default_payment_method: 'pm_card_visa',
  });
  await stripe.subscriptions.update(made.id, { default_payment_method: 'pm_card_chargeCustomerFail' });
  const items = [{ id: made.items.data[0].id, quantity: 99 }];
  const upgrade = (behavior) => stripe.subscriptions.update(made.id, {
    items, proration_behavior: 'always_invoice', payment_behavior: behavior,
  });
  await refused(upgrade('error_if_incomplete'), Stripe.errors.StripeCardError, { code: 'card_declined' });
  const waiting = await upgrade('pending_if_incomplete');
  assert.deepEqual([waiting.status, waiting.items.data[0].quantity], ['active', 1]);
  assert.equal(waiting.pending_update.subscription_items[0].quantity, 99);
  const owing = await upgrade('allow_incomplete');
  assert.deepEqual([owing.status, owing.items.data[0].quantity], ['past_due', 99]);
  assert.equal(owing.pending_update, null);
});

await check('billing portal: configurations, sessions and their page', async () => {
  const configuration = await stripe.billingPortal.configurations.create({
    features: { invoice_history: { enabled: true } }, default_return_url: 'http://127.0.0.1:9/home',
  });
  assert.equal(configuration.features.invoice_history.enabled, true);
  const updated = await stripe.billingPortal.configurations.update(configuration.id, { active: false });
  assert.equal(updated.active, false);
  assert.ok((await stripe.billingPortal.configurations.list()).data.length > 0);
  const portal = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    return_url: 'http://127.0.0.1:9/back',
  });
  const page = await (await fetch(portal.url)).text();
  assert.ok(page.includes('http://127.0.0.1:9/back') && page.includes('Pro'));
  const form = new URLSearchParams({ act: 'cancel_at_period_end' });
  const done = await fetch(`${portal.url}/${subscription.id}`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  assert.equal(done.status, 303);
  assert.equal((await stripe.subscriptions.retrieve(subscription.id)).cancel_at_period_end, true);
  assert.equal((await fetch(`${baseUrl}/panel`)).status, 200);
});

await check(
  'subscription schedules: a downgrade in the portal waits, is released, and begins with the period',
  async () => {
    const team = await stripe.products.create({ name: 'Team' });
    const dear = await stripe.prices.create({
      product: team.id,
      currency: 'usd',
      unit_amount: 29900,
      recurring: { interval: 'month' },
    });
    const start = Math.floor(Date.now() / 1000);
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start });
    const timed = await stripe.customers.create({ test_clock: clock.id });
    const { id } = await stripe.subscriptions.create({ customer: timed.id, items: [{ price: dear.id }] });
    const configuration = await stripe.billingPortal.configurations.create({
      features: {
        subscription_update: {
          enabled: true,
          default_allowed_updates: ['price'],
          products: [
            { product: product.id, prices: [monthly.id] },
            { product: team.id, prices: [dear.id] },
          ],
          schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }] },
        },
      },
    });
    assert.deepEqual(configuration.features.subscription_update.schedule_at_period_end.conditions, [
      { type: 'decreasing_item_amount' },
    ]);
    const portal = await stripe.billingPortal.sessions.create({
      customer: timed.id,
      configuration: configuration.id,
    });
    const downgrade = async () => {
      const form = new URLSearchParams({ act: 'change', price: monthly.id });
      assert.equal(
        (await fetch(`${portal.url}/${id}`, { method: 'POST', body: form, redirect: 'manual' })).status,
        303,
      );
      return stripe.subscriptions.retrieve(id, { expand: ['schedule.phases.items.price'] });
    };
    const waiting = await downgrade();
    const [item] = waiting.items.data;
    assert.equal(item.price.id, dear.id);
    assert.deepEqual(
      waiting.schedule.phases.map(({ items: [{ price }] }) => price.id),
      [dear.id, monthly.id],
    );
    assert.equal(waiting.schedule.phases[1].start_date, item.current_period_end);
    const listed = await stripe.subscriptionSchedules.list({ customer: timed.id });
    assert.deepEqual(
      listed.data.map((schedule) => schedule.id),
      [waiting.schedule.id],
    );
    const released = await stripe.subscriptionSchedules.release(waiting.schedule.id);
    assert.deepEqual(
      [released.status, released.released_subscription, released.released_at],
      ['released', id, start],
    );
    assert.equal((await stripe.subscriptions.retrieve(id)).schedule, null);
    await refused(
      stripe.subscriptionSchedules.release(released.id),
      Stripe.errors.StripeInvalidRequestError,
      { statusCode: 400 },
    );
    const {
      schedule: { id: again },
    } = await downgrade();
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: item.current_period_end });
    assert.equal((await stripe.subscriptions.retrieve(id)).items.data[0].price.id, monthly.id);
    const begun = await stripe.subscriptionSchedules.retrieve(again);
    assert.deepEqual([begun.status, begun.current_phase.start_date], ['active', item.current_period_end]);
    assert.equal((await stripe.invoices.list({ subscription: id })).data[0].total, monthly.unit_amount);
    const event = JSON.parse((await until(() => delivered('/new', 'subscription_schedule.created'))).body);
    assert.equal(event.data.object.id, waiting.schedule.id);
  },
);

await check('a deleted customer: its subscriptions end, and it can buy no more', async () => {
  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
  const gone = await stripe.customers.retrieve(customer.id);
  assert.deepEqual([gone.id, gone.deleted], [customer.id, true]);
  assert.equal((await stripe.subscriptions.retrieve(subscription.id)).status, 'canceled');
  await refused(stripe.checkout.sessions.create({
    mode: 'subscription', customer: customer.id, line_items: [{ price: monthly.id, quantity: 1 }],
    success_url: 'http://127.0.0.1:9/ok',
  }), Stripe.errors.StripeInvalidRequestError, { code: 'resource_missing', param: 'customer' });
  await until(() => delivered('/new', 'customer.subscription.deleted'));
});

await check('webhook endpoints: update, disable, delete', async () => {
  const changed = await stripe.webhookEndpoints.update(oldEndpoint.id, {
    enabled_events: ['invoice.paid'],
    disabled: true,
  });
  assert.deepEqual([changed.status, changed.enabled_events], ['disabled', ['invoice.paid']]);
  for (const { id } of [endpoint, oldEndpoint])
    assert.equal((await stripe.webhookEndpoints.del(id)).deleted, true);
});

await check('event destinations: update, disable, enable, delete', async () => {
  const { eventDestinations } = stripe.v2.core;
  const changed = await eventDestinations.update(destination.id, {
    name: 'Thinner',
    enabled_events: ['v1.customer.created'],
    webhook_endpoint: { url: `${hook}/thinner` },
    include: ['webhook_endpoint.url'],
  });
  assert.deepEqual([changed.name, changed.enabled_events], ['Thinner', ['v1.customer.created']]);
  assert.equal(changed.webhook_endpoint.url, `${hook}/thinner`);
  const disabled = await eventDestinations.disable(destination.id);
  assert.deepEqual(disabled.status_details, { disabled: { reason: 'user' } });
  await stripe.customers.create({ name: 'Unheard' });
  assert.equal((await eventDestinations.enable(destination.id)).status, 'enabled');
  const heard = await stripe.customers.create({ name: 'Heard' });
  const letter = await until(() => delivered('/thinner', 'v1.customer.created'));
  assert.equal(JSON.parse(letter.body).related_object.id, heard.id);
  const deleted = await eventDestinations.del(destination.id);
  assert.deepEqual(deleted, { id: destination.id, object: 'v2.core.event_destination' });
  assert.deepEqual((await eventDestinations.list()).data, []);
});

listener.close();
listener.closeAllConnections(); // The emulator keeps its connections open for a while.
console.log('all checks passed');
