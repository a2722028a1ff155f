// What the console offers to press: each button leads to what it says, and there is none that leads nowhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { consoleAs, launch, leave, withPage } from "./browser.mjs";
import { beginAnew, bought, consoleUrl, emulator, liveSubscriptions } from "./stack.mjs";

const PORTAL = /\/p\/session\//;
const ENTITLEMENTS = "**/api/entitlements?*";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const card = (page, name) => page.getByRole("article", { name: `PromptForge ${name}` });

test("who never bought has nothing to manage, and one plan is recommended", async () => {
  await withPage(browser, {}, async (page) => {
    await page.route(ENTITLEMENTS, async (route) => {
      const reply = await route.fetch({ headers: { ...route.request().headers(), "if-none-match": "" } });
      const none = { planCode: "pilot", status: "none", interval: null, cancelAt: null };
      await route.fulfill({ json: { ...await reply.json(), ...none } });
    });
    await consoleAs(page, "Owner");
    await card(page, "Pro").getByText("Recommended").waitFor();
    assert.equal(await page.getByText("Recommended").count(), 1);
    assert.equal(await page.getByRole("button", { name: "Manage billing" }).count(), 0);
    assert.equal(await card(page, "Pilot").getByRole("button").count(), 0);
  });
});

test("each button of a plan leads to the page that does what it says", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    assert.equal(await page.getByText("Recommended").count(), 0, "a plan is there");
    assert.equal(await card(page, "Pro").getByRole("button").count(), 0);
    const go = async (name, title) => {
      await leave(page, name, PORTAL);
      await page.getByRole("heading", { name: title }).waitFor();
      await page.getByRole("link", { name: /^Return to/ }).click();
      await card(page, "Pro").getByText("Current plan").waitFor();
    };
    await go("Cancel Pro", "Cancel your plan");
    await go("Switch to Enterprise", "Confirm your change");
    await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
    await leave(page, "Switch to yearly", PORTAL);
    await page.getByText("PromptForge Pro, 1 × $490.00 per year").waitFor();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL(consoleUrl);
    await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
    await card(page, "Pro").getByText("Your plan").waitFor();
  });
  const [{ items }] = await liveSubscriptions();
  assert.equal(items.data[0].price.lookup_key, "promptforge_pro_year");
});

test("a plan that is to end offers nothing but to be resumed", async () => {
  await emulator("portal/cancel_at_period_end", { subscription: await bought("pro") });
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await card(page, "Pilot").getByText(/^From [A-Z][a-z]+ \d+, \d{4}$/).waitFor();
    assert.equal(await page.getByRole("article").getByRole("button").count(), 0);
    await leave(page, "Resume Pro", PORTAL);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText(/^Renews on/).waitFor();
    await page.getByRole("link", { name: /^Return to/ }).click();
    await card(page, "Enterprise").getByRole("button").waitFor();
    assert.equal(await page.getByRole("button", { name: "Resume Pro" }).count(), 0);
  });
});

test("a notice carries its button, and goes with its cause", async () => {
  await beginAnew();
  await withPage(browser, { outage: true }, async (page) => {
    await consoleAs(page, "Owner");
    const notice = page.locator("#notice");
    await page.route("**/api/billing/checkout", (route) =>
      route.fulfill({ status: 502, json: { success: false, error: "Stripe is away", code: "stripe_error" } }),
    );
    await page.getByRole("button", { name: "Buy Pro" }).click();
    await notice.getByText("Stripe is away").waitFor();
    await page.unroute("**/api/billing/checkout");
    await notice.getByRole("button", { name: "Try again" }).click();
    await page.waitForURL(/\/c\/pay\//);
    await page.getByRole("button", { name: /^Back to/ }).click();
    await notice.getByText("Checkout was closed.").waitFor();
    await bought("pro");
    await notice.getByText("Checkout was closed.").waitFor({ state: "detached" });
  });
});

test("a failed payment says so with its button on an open page, until it is paid", async () => {
  const subscription = await bought("pro");
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await emulator("renew", { subscription, succeeds: false });
    await page.getByRole("button", { name: "Pay open invoice" }).waitFor();
    await emulator("pay", { subscription });
    await page.getByRole("button", { name: "Pay open invoice" }).waitFor({ state: "detached" });
    await page.locator("#plan").getByText("Active", { exact: true }).waitFor();
  });
});

test("prices stand above the features on a phone, and below them where both fit", async () => {
  await withPage(browser, { width: 390 }, async (page) => {
    await consoleAs(page, "Owner");
    const isAbove = async () => {
      const [prices, features] = [await page.locator("#prices").boundingBox(),
        await page.locator("#features").boundingBox()];
      return prices.y < features.y;
    };
    assert.ok(await isAbove());
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.ok(!(await isAbove()));
  });
});

test("nothing that is read moves while the console loads over a slow network", async () => {
  await bought("pro");
  for (const width of [390, 1440])
    await withPage(browser, { width }, async (page, context) => {
      await page.addInitScript(() => {
        window.moved = 0;
        new PerformanceObserver((list) => {
          const unasked = list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput);
          for (const { value } of unasked) window.moved += value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      const network = await context.newCDPSession(page);
      await network.send("Network.enable");
      const slow = { offline: false, latency: 300, downloadThroughput: 60_000, uploadThroughput: 60_000 };
      await network.send("Network.emulateNetworkConditions", slow);
      await page.goto(consoleUrl);
      await page.getByText(/^7 of \d+ on$/).waitFor({ timeout: 30_000 });
      await page.getByText("the API answers 200").waitFor();
      await page.getByText("customer.subscription.created").first().waitFor();
      await page.locator("#events-state", { hasText: "Live" }).waitFor();
      // Two frames later whatever moved has been counted.
      await page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
      }));
      const moved = await page.evaluate(() => window.moved);
      assert.ok(moved < 0.05, `${moved} at ${width}`);
    });
});
