// Supabase's own client in a page: it signs in at the local stack, and hears of changes by its socket.

import assert from "node:assert/strict";
import { once as onceTold } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, withPage } from "./browser.mjs";
import { once } from "./inspect.mjs";
import { beginAnew, bought, consoleUrl, descriptor, emulator } from "./stack.mjs";

const client = fileURLToPath(new URL("../../client/", import.meta.url));
const { baseUrl, orgId, users } = descriptor;
/** Another origin than the stack's: a frontend of one's own, which ALLOWED_RETURN_ORIGINS names. */
const frontend = `http://127.0.0.1:${process.env.NEXT_PORT}/listens`;

let browser;
let server;
before(async () => {
  browser = await launch();
  server = createServer(async ({ url }, reply) => {
    const [type, text] = url === "/listens.js"
      ? ["text/javascript", await script()]
      : ["text/html", '<link rel="icon" href="data:,"><script type="module" src="/listens.js"></script>'];
    reply.setHeader("content-type", type).end(text);
  });
  server.listen(Number(process.env.NEXT_PORT), "127.0.0.1");
  await onceTold(server, "listening");
});
after(async () => {
  await browser.close();
  server.close();
});

const script = once(async () => {
  const { build } = createRequire(`${client}package.json`)("esbuild");
  const contents = `
    import { createClient } from "@supabase/supabase-js";
    import { createBillingClient } from "./dist/index.js";
    import { watchEntitlements } from "./dist/realtime/index.js";
    Object.assign(window, { createClient, createBillingClient, watchEntitlements });`;
  const { outputFiles: [{ text }] } = await build({
    stdin: { contents, resolveDir: client },
    format: "esm",
    bundle: true,
    write: false,
  });
  return text;
});

/** A page whose visitor has signed in, or has not, and listens; `window.heard` counts what it was told. */
async function listens(page, email, realtime = {}) {
  await page.goto(frontend);
  await page.waitForFunction(() => window.createClient);
  const state = await page.evaluate(async ({ baseUrl, orgId, email, realtime }) => {
    const supabase = window.createClient(baseUrl, "local", { realtime });
    if (email) {
      const { error } = await supabase.auth.signInWithPassword({ email, password: "any" });
      if (error) throw error;
    }
    Object.assign(window, { supabase, heard: [], shown: [] });
    const filter = `org_id=eq.${orgId}`;
    const listener = supabase.channel("rows");
    for (const table of ["entitlements", "subscriptions"])
      listener.on("postgres_changes", { event: "*", schema: "billing", table, filter }, (change) =>
        window.heard.push(change),
      );
    return new Promise((done) => {
      listener.subscribe((status, error) => done(error ? `${status}: ${error.message}` : status));
    });
  }, { baseUrl, orgId, email, realtime });
  assert.equal(state, "SUBSCRIBED");
}

for (const vsn of ["1.0.0", "2.0.0"])
  test(`a purchase shows on a page by the socket alone, in form ${vsn}`, async () => {
    await beginAnew();
    await withPage(browser, {}, async (page) => {
      await listens(page, users.owner.email, { vsn });
      await page.evaluate(async ({ baseUrl, orgId }) => {
        const getToken = async () => (await window.supabase.auth.getSession()).data.session.access_token;
        const billing = window.createBillingClient({ baseUrl, getToken });
        billing.subscribe(orgId, ({ entitlements }) => window.shown.push(entitlements?.planCode));
        window.watchEntitlements(billing, window.supabase, orgId);
      }, { baseUrl, orgId });
      await page.waitForFunction(() => window.shown.at(-1) === "pilot");
      await bought("pro");
      await page.waitForFunction(() => window.shown.at(-1) === "pro");
      const { table, new: row } = await page.evaluate(() =>
        window.heard.find(({ table }) => table === "subscriptions"),
      );
      assert.deepEqual([table, row.org_id], ["subscriptions", orgId]);
      // And the channel goes as it came.
      const left = await page.evaluate(() => window.supabase.removeChannel(window.supabase.channel("rows")));
      assert.equal(left, "ok");
    });
  });

test("an outsider and a visitor who has not signed in are told nothing", async () => {
  const subscription = await bought("pro");
  // Each with a browser of their own: supabase-js shares a session among the pages of one.
  const three = (play) =>
    withPage(browser, {}, (member) =>
      withPage(browser, {}, (outsider) =>
        withPage(browser, {}, (visitor) => play(member, outsider, visitor)),
      ),
    );
  await three(async (member, outsider, visitor) => {
    await listens(member, users.member.email);
    await listens(outsider, users.outsider.email);
    await listens(visitor, null);
    await emulator("portal/cancel_at_period_end", { subscription });
    await member.waitForFunction(() => window.heard.some(({ new: row }) => row.cancel_at));
    // Whatever was to be told has been sent by the time that a heartbeat is answered.
    for (const page of [outsider, visitor]) {
      await page.evaluate(() => new Promise((done) => {
        window.supabase.realtime.onHeartbeat((status) => { if (status === "ok") done(); });
        void window.supabase.realtime.sendHeartbeat();
      }));
      assert.deepEqual(await page.evaluate(() => window.heard), []);
    }
  });
});

test("a token that the API refuses joins nothing", async () => {
  await withPage(browser, {}, async (page) => {
    await page.goto(consoleUrl);
    const answer = await page.evaluate((address) => new Promise((done) => {
      const socket = new WebSocket(address);
      socket.onmessage = ({ data }) => done(JSON.parse(data));
      const payload = { config: { postgres_changes: [] }, access_token: "a.b.c" };
      socket.onopen = () => socket.send(JSON.stringify(["1", "1", "realtime:x", "phx_join", payload]));
    }), `${baseUrl.replace("http", "ws")}/realtime/v1/websocket?apikey=local&vsn=2.0.0`);
    assert.deepEqual([answer[3], answer[4].status], ["phx_reply", "error"]);
    assert.match(answer[4].response.reason, /^InvalidJWTToken: /);
  });
});
