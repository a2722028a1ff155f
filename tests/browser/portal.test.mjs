// What a customer does in the portal, and what the console shows then.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { consoleAs, launch, leave, withPage } from "./browser.mjs";
import { bought, emulator, entitlements, liveSubscriptions, until } from "./stack.mjs";

const PORTAL = /\/p\/session\//;
const day = (iso) => new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(iso));

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function portal(page) {
  await consoleAs(page, "Owner");
  await leave(page, "Manage billing", PORTAL);
}
const back = (page) => page.getByRole("link", { name: /^Return to/ }).click();

test("an upgrade and a quantity in the portal are on the console", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page) => {
    await portal(page);
    await page.getByRole("radio", { name: "PromptForge Enterprise $299.00 per month" }).check();
    await page.getByLabel("Quantity").fill("2");
    await page.getByRole("button", { name: "Update plan" }).click();
    await page.getByText("$598.00").first().waitFor();
    await back(page);
    await page.getByText("11 of 11 on").waitFor();
    await page.getByText("10 seats").waitFor();
  });
  assert.equal((await liveSubscriptions()).length, 1);
});

test("a cancelled plan shows its end, stays on, and can be resumed", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page) => {
    await portal(page);
    await page.getByText("Cancel subscription").click();
    await page.getByRole("button", { name: /^Cancel on / }).click();
    await page.getByText(/^The plan stays on until/).waitFor();
    const { cancelAt } = await until(entitlements, (answer) => answer.cancelAt !== null);
    await back(page);
    await page.getByText(`Pro ends on ${day(cancelAt)}.`).waitFor();
    await page.getByText("7 of 11 on").waitFor();
    await leave(page, "Manage billing", PORTAL);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText(/Renews on/).waitFor();
    await back(page);
    await page.locator("#plan").getByText("Renews on").waitFor();
  });
});

test("a plan that is cancelled at once goes off on an open console", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page, context) => {
    await consoleAs(page, "Owner");
    await page.getByText("7 of 11 on").waitFor();
    const other = await context.newPage();
    await portal(other);
    await other.getByText("Cancel subscription").click();
    await other.getByRole("button", { name: "Cancel now" }).click();
    await other.getByText("There is no subscription.").waitFor();
    await page.bringToFront();
    await page.getByText("1 of 11 on").waitFor();
  });
});

test("the panel makes a renewal fail without leaving the page", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page) => {
    await consoleAs(page, "Owner");
    const panel = await page.getByRole("link", { name: /^Stripe emulator/ }).getAttribute("href");
    await page.goto(panel);
    await page.getByRole("button", { name: "Renew: card fails" }).first().click();
    await page.getByText("Past due").first().waitFor();
    await page.getByRole("button", { name: "Pay open invoice" }).first().click();
    await page.getByText("Past due").waitFor({ state: "hidden" });
    assert.equal(page.url(), panel);
    await until(() => emulator("state"), ({ subscriptions }) => subscriptions.at(-1).status === "active");
  });
});
