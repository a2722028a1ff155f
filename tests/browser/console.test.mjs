// What the console shows to whom, and what it does when a subscription's life goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { consoleAs, launch, leave, withPage } from "./browser.mjs";
import { beginAnew, bought, emulator, entitlements, until } from "./stack.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const day = (iso) =>
  new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(iso),
  );
const buttons = (page) => page.getByRole("button", { name: /^(Buy|Switch|Cancel|Manage billing)/ });

test("a member reads the plan and finds nothing to buy or manage", async () => {
  await beginAnew();
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await page.getByRole("button", { name: "Buy Pro" }).waitFor();
    assert.ok(await buttons(page).count() >= 2); // two plans or more
    await consoleAs(page, "Member");
    await page.getByText("Only an owner or admin can manage billing.").waitFor();
    assert.equal(await buttons(page).count(), 0);
    assert.match(await page.locator("#features-count").textContent(), /^1 of \d+ on$/);
  });
});

test("an outsider is told nothing", async () => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Outsider");
    await page.getByRole("heading", { name: "Not a member of Acme Studio" }).waitFor();
    assert.equal(await buttons(page).count(), 0);
  });
});

test("a failed renewal shows how long the plan stays on, and is settled in the portal", async () => {
  const subscription = await bought("pro");
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    await emulator("renew", { subscription, succeeds: false });
    const { graceEndsAt } = await until(entitlements, ({ status }) => status === "past_due");
    await page.getByText(`Payment failed, access until ${day(graceEndsAt)}.`).waitFor();
    assert.match(await page.locator("#features-count").textContent(), /^7 of \d+ on$/);
    await leave(page, "Pay open invoice", /\/p\/session\//);
    await page.getByRole("button", { name: "Pay open invoice" }).click();
    await page.getByText("Renews on").waitFor();
    await page.getByRole("link", { name: /^Return to/ }).click();
    await page.locator("#plan").getByText("Active", { exact: true }).waitFor();
  });
});

test("an API that is away is said so, and the page comes back by itself", async () => {
  await withPage(browser, { outage: true }, async (page, context) => {
    await consoleAs(page, "Owner");
    await context.route("**/api/entitlements?*", (route) =>
      route.fulfill({
        status: 503,
        json: { success: false, error: "The database is not available", code: "database_unavailable" },
      }),
    );
    await page.getByText("What you see is its last answer.").waitFor();
    await context.unroute("**/api/entitlements?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#down").waitFor({ state: "hidden" });
    await page.getByText("the API answers 200").waitFor();
  });
});

test("a plan is said to have everything of the one below it only if it has", async () => {
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    const said = await page.evaluate(async () => {
      const { byRank } = await import("/plans.js");
      const plan = (rank, name, features) => ({ rank, name, features });
      const plans = [plan(2, "C", ["one", "three"]), plan(0, "A", ["one"]), plan(1, "B", ["one", "two"])];
      return byRank(plans).map(({ name, below, gains }) => [name, below, gains.join(" ")]);
    });
    assert.deepEqual(said, [["A", null, "one"], ["B", "A", "two"], ["C", null, "one three"]]);
  });
});
