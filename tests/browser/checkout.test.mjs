// From the console to the checkout page and back.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { consoleAs, launch, leave, withPage } from "./browser.mjs";
import { beginAnew, bought, consoleUrl, entitlements, liveSubscriptions, until } from "./stack.mjs";

const CHECKOUT = /\/c\/pay\//;

const notice = (page) => page.locator("#notice");

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(beginAnew);

test("features unlock after a purchase, without a reload", async (t) => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await leave(page, "Buy Pro", CHECKOUT);
    const loads = [];
    const syncs = [];
    page.on("request", (request) => {
      if (request.isNavigationRequest()) loads.push(new URL(request.url()).pathname);
      if (request.url().endsWith("/api/billing/sync")) syncs.push(request.method());
    });
    await page.getByRole("button", { name: "Subscribe" }).click();
    await notice(page).getByText("Welcome to PromptForge Pro.").waitFor();
    await page.getByText(/^7 of \d+ on$/).waitFor();
    const ms = Number(await page.locator("#plan").getAttribute("data-unlocked-ms"));
    t.diagnostic(`unlocked ${ms} ms after the return`);
    assert.ok(ms > 0);
    assert.equal(new URL(page.url()).pathname, "/");
    // Time for a reload to show itself: the console has asked twice more, and found nothing new.
    for (const _ of [1, 2])
      await page.waitForResponse(
        (reply) => reply.url().includes("/api/entitlements") && reply.status() === 304,
      );
    assert.deepEqual(
      loads.map((path) => path.replace(/cs_test_\w+/, "{id}")),
      ["/c/pay/{id}/pay", "/billing/success"],
    );
    assert.deepEqual(syncs, ["POST"]);
    assert.equal((await liveSubscriptions()).length, 1);
    await page.screenshot({
      path: `${process.env.SCREENSHOTS}/console-bought-light-1440.png`,
      fullPage: true,
    });
  });
});

test("a declined card changes nothing, and another one can be tried", async () => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await leave(page, "Buy Pro", CHECKOUT);
    await page.getByRole("radio", { name: "Visa •••• 0002" }).check();
    await page.getByRole("button", { name: "Subscribe" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("Your card was declined.").waitFor();
    assert.ok(await alert.evaluate((node) => node === document.activeElement), "the refusal has the focus");
    assert.equal((await entitlements()).planCode, "pilot");
    await page.getByRole("radio", { name: "Visa •••• 4242" }).check();
    await page.getByRole("button", { name: "Subscribe" }).click();
    await notice(page).getByText("Welcome to PromptForge Pro.").waitFor();
  });
});

test("that a payment is not confirmed is said until it is, or cannot be any more", async () => {
  for (const status of ["incomplete_expired", "active"]) {
    await beginAnew();
    await withPage(browser, {}, async (page) => {
      await page.clock.install();
      const synced = page.waitForResponse((reply) => reply.url().endsWith("/api/billing/sync"));
      await page.goto(`${consoleUrl}billing/success?session_id=cs_test_1`);
      await notice(page).getByText("Waiting for Stripe to confirm").waitFor();
      await synced;
      await page.clock.fastForward(16_000);
      await notice(page).getByText("Stripe has not confirmed the payment yet.").waitFor();
      if (status === "active") await bought("pro");
      else
        await page.route("**/api/entitlements?*", async (route) => {
          const reply = await route.fetch({ headers: { ...route.request().headers(), "if-none-match": "" } });
          await route.fulfill({ json: { ...await reply.json(), status } });
        });
      await page.clock.fastForward(3_000);
      await notice(page).getByText("Stripe has not confirmed").waitFor({ state: "detached" });
    });
  }
});

test("an abandoned checkout leads back and changes nothing", async () => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await leave(page, "Buy Enterprise", CHECKOUT);
    await page.getByRole("button", { name: /^Back to/ }).click();
    await notice(page).getByText("Checkout was closed. Nothing was charged").waitFor();
    await page.getByText(/^1 of \d+ on$/).waitFor();
    assert.equal((await liveSubscriptions()).length, 0);
  });
});

test("the whole purchase can be made with the keyboard", async () => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await page.getByRole("button", { name: "Buy Pro" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(CHECKOUT);
    // back, the promotion code and its button, the cards, subscribe
    for (let stop = 0; stop < 5; stop += 1) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Subscribe");
    await page.keyboard.press("Enter");
    await notice(page).getByText("Welcome to PromptForge Pro.").waitFor();
  });
});

test("two tabs that buy at once make one subscription", async () => {
  await withPage(browser, {}, async (first, context) => {
    const second = await context.newPage();
    await Promise.all([consoleAs(first, "Owner"), consoleAs(second, "Owner")]);
    await Promise.all([leave(first, "Buy Pro", CHECKOUT), leave(second, "Buy Enterprise", CHECKOUT)]);
    const settled = (page) =>
      page
        .locator("main")
        .getByText(/Welcome to|This page has expired|no longer open/)
        .first()
        .waitFor();
    await Promise.all(
      [first, second].map(async (page) => {
        await page
          .getByRole("button", { name: "Subscribe" })
          .or(page.getByText("This page has expired"))
          .first()
          .click();
        await settled(page);
      }),
    );
    const live = await liveSubscriptions();
    assert.equal(live.length, 1);
    await until(entitlements, ({ planCode }) => planCode === live[0].metadata.plan_code);
  });
});
