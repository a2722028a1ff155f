// The example with Next.js in a browser: what each kind of person sees, before and after a purchase, and
// while the API cannot be reached.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { launch, withPage } from "./browser.mjs";
import { everywhere, once } from "./inspect.mjs";
import { start } from "./nextjs.mjs";
import { beginAnew, bought, descriptor, entitlements, until } from "./stack.mjs";

const { orgId, users } = descriptor;
const SELLS = /Choose|Upgrade|Downgrade|Switch to|comes with|See the plans/;

let browser;
let app;
before(async () => {
  app = await start(descriptor);
  browser = await launch();
});
beforeEach(() => { app.api.down = app.auth.down = 0; });
after(async () => {
  await browser?.close();
  await app?.stop();
});
const inBrowser = (play, options = {}) => withPage(browser, options, play);

async function signIn(page, who = "owner", path = "") {
  await page.goto(`${app.url}/sign-in`);
  await page.getByLabel("Email").fill(users[who].email);
  await page.getByLabel("Password").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Documents" }).waitFor();
  if (path) await page.goto(`${app.url}/${orgId}${path}`);
}
const heading = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();
const link = (page, name) => page.getByRole("link", { name, exact: true });
const buttons = async (page) => (await page.getByRole("main").getByRole("button").allTextContents()).join();

const pilot = once(beginAnew);
const pro = once(() => bought("pro"));

everywhere("nextjs-sign-in", async (page) => {
  await page.goto(`${app.url}/${orgId}`);
  await page.waitForURL(/\/sign-in$/);
  await page.getByLabel("Email").fill("nobody@acme.example");
  await page.getByLabel("Password").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("There is no account with this address and password.").waitFor();
});
everywhere("nextjs-documents", async (page) => {
  await pilot();
  await signIn(page);
  await page.getByText("Export as PDF comes with Pro.").waitFor();
});
everywhere("nextjs-plans", async (page) => {
  await pilot();
  await signIn(page, "owner", "/plans");
  await page.getByRole("button", { name: "Choose PromptForge Pro" }).waitFor();
});
everywhere("nextjs-history-sold", async (page) => {
  await pilot();
  await signIn(page, "owner", "/history");
  await page.getByText("The history of your documents comes with Pro.").waitFor();
});

test("nextjs: what is bought is there, for the organization it was bought for", () =>
  inBrowser(async (page) => {
    await pilot();
    await signIn(page);
    await link(page, "Plans").click();
    await page.getByRole("button", { name: "Choose PromptForge Pro" }).click();
    await page.waitForURL(/\/c\/pay\//);

    await page.goBack();
    assert.equal(new URL(page.url()).pathname, `/${orgId}/plans`);
    await page.getByRole("button", { name: "Choose PromptForge Enterprise" }).waitFor();
    await page.getByRole("button", { name: "Choose PromptForge Pro" }).click();
    await page.waitForURL(/\/c\/pay\//);
    await page.getByRole("button", { name: "Subscribe" }).click();

    await page.waitForURL((url) => url.pathname === `/${orgId}/success`);
    assert.equal(new URL(page.url()).searchParams.get("orgId"), orgId);
    await page.getByText("Acme Studio has its new plan.").waitFor();
    await link(page, "Go to the documents").click();
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as PDF" }).click();
    assert.equal((await saved).suggestedFilename(), "documents.pdf");

    await link(page, "History").click();
    await page.getByRole("button", { name: "Keep a version" }).click();
    await heading(page, "Support assistant");

    await page.getByRole("combobox", { name: "Organization" }).selectOption("Northwind Labs");
    await heading(page, "Contract reader");
    await page.getByText("Export as PDF comes with Pro.").waitFor();
  }));

everywhere("nextjs-success", async (page) => {
  await pro();
  await signIn(page, "owner", "/success");
  await page.getByText("Acme Studio has its new plan.").waitFor();
});
everywhere("nextjs-billing", async (page) => {
  await pro();
  await signIn(page, "owner", "/billing");
  await page.getByRole("button", { name: "Cancel the plan" }).waitFor();
});

test("nextjs: a change shows at once, also in what the server rendered", () =>
  inBrowser(async (page) => {
    await beginAnew();
    await signIn(page, "owner", "/history");
    await page.getByText("The history of your documents comes with Pro.").waitFor();
    await bought("pro");
    await page.getByRole("button", { name: "Keep a version" }).waitFor();
    await beginAnew();
    await page.getByText("The history of your documents comes with Pro.").waitFor();
  }));

test("nextjs: the page after a checkout says that the purchase came late", () =>
  inBrowser(async (page) => {
    await beginAnew();
    await signIn(page);
    await page.clock.install();
    const synced = page.waitForResponse((reply) => reply.url().endsWith("/api/billing/sync"));
    await page.goto(`${app.url}/${orgId}/success`);
    await page.getByText("Waiting for the payment to be confirmed").waitFor();
    await synced;
    await page.clock.fastForward(16_000);
    await page.getByText("Your bank takes its time.").waitFor();
    await bought("pro");
    await page.getByText("Acme Studio has its new plan.").waitFor();
  }));

test("nextjs: the portal is left by the back button, and the page stays usable", () =>
  inBrowser(async (page) => {
    await pro();
    await signIn(page, "owner", "/billing");
    for (const name of ["Invoices and subscription", "Change the card"]) {
      await page.getByRole("button", { name }).click();
      await page.waitForURL((url) => url.origin !== app.url);
      await page.goBack();
    }
    await page.getByRole("button", { name: "Invoices and subscription" }).waitFor();
  }));

test("nextjs: a member sees no button that the API would refuse", () =>
  inBrowser(async (page) => {
    await pro();
    await signIn(page, "member", "/plans");
    await page.getByText("Current plan").waitFor();
    assert.doesNotMatch(await buttons(page), SELLS);
    await page.goto(`${app.url}/${orgId}/billing`);
    await page.getByText("An owner or admin of your organization manages the subscription.").waitFor();
    assert.equal(await buttons(page), "");
  }));

test("nextjs: for somebody else there is no such organization", () =>
  inBrowser(async (page) => {
    await signIn(page, "outsider");
    const answer = await page.goto(`${app.url}/${orgId}/history`);
    assert.equal(answer.status(), 404);
    await heading(page, "There is nothing here");
    const refused = await page.request.post(`${app.url}/${orgId}/export`);
    assert.equal(refused.status(), 403);
  }));

test("nextjs: the API key stops when the plan has the API no more, whatever order that is told in", () =>
  inBrowser(async (page) => {
    const told = (version, hasAPI) => ({ orgId, version, entitlements: { hasAPI } });
    const shows = async (words) => {
      await page.goto(`${app.url}/${orgId}/billing`);
      await page.getByText(`Your API key is ${words}`).waitFor();
    };
    await signIn(page);
    assert.equal(await app.notify(told(2, true)), 204);
    await shows("on.");
    const another = "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
    assert.equal(await app.notify(told(9, false), another), 401);
    await shows("on.");
    assert.equal(await app.notify(told(4, false)), 204);
    await shows("off");
    assert.equal(await app.notify(told(3, true)), 204);
    await shows("off");
  }));

test("nextjs: a frontend that calls the API on its own origin keeps working", () =>
  inBrowser(async (page) => {
    const headers = { authorization: `Bearer ${users.owner.accessToken}` };
    const own = await page.request.get(`${app.url}/api/entitlements?orgId=${orgId}`, { headers });
    const now = { timestamp: null }; // read a moment apart
    assert.deepEqual({ ...(await own.json()), ...now }, { ...(await entitlements()), ...now });
    assert.equal((await page.request.get(`${app.url}/api/billing/plans`)).status(), 200);
  }));

test("nextjs: in an outage nobody who pays is told to buy", () =>
  inBrowser(
    async (page) => {
      await pro();
      await signIn(page);
      app.api.down = 503;
      for (const path of ["", "/plans", "/billing", "/history"]) {
        await page.goto(`${app.url}/${orgId}${path}`);
        await page.getByText(/cannot be (checked|shown)/).first().waitFor();
        assert.doesNotMatch(await page.getByRole("main").innerText(), SELLS, path);
      }
      assert.equal((await page.request.post(`${app.url}/${orgId}/export`)).status(), 503);
      app.api.down = 0;
      await page.getByRole("link", { name: "Check again" }).click();
      await heading(page, "Support assistant");
    },
    { outage: true },
  ));

everywhere(
  "nextjs-outage",
  async (page) => {
    await pro();
    await signIn(page);
    app.api.down = 503;
    await page.goto(`${app.url}/${orgId}`);
    await page.getByRole("button", { name: "Check again" }).waitFor();
  },
  { outage: true },
);

for (const status of [503, 500, 429])
  test(`nextjs: whoever is signed in is not asked to sign in if Supabase answers ${status}`, () =>
    inBrowser(
      async (page) => {
        await signIn(page);
        app.auth.down = status;
        await app.restart(); // nobody has the keys any more
        for (const path of ["", `/${orgId}`, `/${orgId}/history`]) {
          await page.goto(`${app.url}${path}`);
          await heading(page, "This page cannot be shown at the moment");
        }
        await page.goto(`${app.url}/sign-in`);
        await page.getByLabel("Email").fill(users.owner.email);
        await page.getByLabel("Password").fill("any");
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByText("Nobody can sign in at the moment.").waitFor();
        await page.goto(`${app.url}/${orgId}`);
        app.auth.down = 0;
        await page.getByRole("button", { name: "Try again" }).click();
        await heading(page, "Documents");
      },
      { outage: true },
    ));

test("nextjs: the policy shows the versions only while the plan has the history", async () => {
  const claims = JSON.stringify({ sub: users.owner.userId, role: "authenticated" });
  const versions = () =>
    app.sql.begin(async (sql) => {
      await sql`select set_config('role', 'authenticated', true),
                       set_config('request.jwt.claims', ${claims}, true)`;
      return (await sql`select count(*)::int as number from versions`)[0].number;
    });
  await pro();
  assert.equal(await versions(), 3);
  await beginAnew();
  await until(versions, (number) => number === 0);
});
