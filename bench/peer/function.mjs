#!/usr/bin/env node
// stripe-sync-engine as a Lambda function of its own: it takes the next event from the Runtime API (AWS,
// "Using the Lambda runtime API"), lets the library work on it, and answers. With the argument `migrate` it
// makes its tables.

import http from 'node:http';
import { createRequire } from 'node:module';

// Its ES module knows no __dirname, and so does not find its migrations.
const { StripeSync, runMigrations } = createRequire(import.meta.url)('@supabase/stripe-sync-engine');

const { AWS_LAMBDA_RUNTIME_API, DATABASE_URL, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = process.env;

if (process.argv[2] === 'migrate') {
  let failed = false;
  const logger = { info() {}, error(error) { failed = true; console.error(error); } };
  await runMigrations({ databaseUrl: DATABASE_URL, schema: 'stripe', logger });
  process.exit(failed ? 1 : 0);
}

const engine = new StripeSync({
  // An instance answers one request at a time.
  poolConfig: { connectionString: DATABASE_URL, max: 1 },
  stripeSecretKey: STRIPE_SECRET_KEY,
  stripeWebhookSecret: STRIPE_WEBHOOK_SECRET,
  // Nothing here asks Stripe.
  backfillRelatedEntities: false,
  autoExpandLists: false,
});
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const where = { agent, host, port, method, path: `/2018-06-01/runtime/invocation/${path}` };
    const request = http.request(where, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

for (;;) {
  const { headers, body } = await call('GET', 'next');
  const event = JSON.parse(body);
  const payload = event.isBase64Encoded ? Buffer.from(event.body, 'base64') : event.body;
  let answer = { statusCode: 200, body: '{"received":true}' };
  try {
    await engine.processWebhook(payload, event.headers['stripe-signature']);
  } catch (error) {
    answer = { statusCode: 500, body: String(error) };
  }
  const id = headers['lambda-runtime-aws-request-id'];
  await call('POST', `${id}/response`, JSON.stringify(answer));
}
