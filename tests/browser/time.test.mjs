// The panel's clock is the whole stack's: what time does shows on the console, and nothing is started again.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { consoleAs, launch, withPage } from "./browser.mjs";
import { bought, emulator, entitlements, panelUrl, until } from "./stack.mjs";

const DAY = 86_400;

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** What `billing doctor` finds of the running stack: `ok  clock  within a second of Stripe's`. */
async function doctor() {
  const file = process.env.DESCRIPTOR.replace(/json$/, "env");
  const lines = readFileSync(file, "utf8").matchAll(/^(?:export )?(\w+)='?(.*?)'?$/gm);
  const env = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  const run = promisify(execFile)(`${process.env.PROGRAMS}/billing`, ["doctor"], { env });
  return (await run.catch((failed) => failed)).stdout; // it fails for what a local stack does not have
}

test("the end of grace is seen when the panel moves time past it", async () => {
  const subscription = await bought("pro");
  await withPage(browser, {}, async (page, context) => {
    await consoleAs(page, "Owner");
    const panel = await context.newPage();
    await panel.goto(panelUrl);
    await panel.getByRole("button", { name: "Renew: card fails" }).first().click();
    const { graceEndsAt } = await until(entitlements, ({ status }) => status === "past_due");
    const { now } = await emulator("state");
    const left = Math.ceil(Date.parse(graceEndsAt) / 1000) - now;
    await emulator("advance", { seconds: Math.max(left - DAY / 2, 0) });
    assert.equal((await entitlements()).planCode, "pro", "half a day is left");
    await panel.getByRole("button", { name: "Advance a day" }).click();
    await until(entitlements, ({ planCode, reason }) => planCode === "pilot" && reason === "grace_over");
    await page.bringToFront();
    await page.getByText("Payment failed, and the grace period is over.").waitFor();
    await page.getByText(/^1 of \d+ on$/).waitFor();
    await emulator("pay", { subscription });
    await page.getByText(/^7 of \d+ on$/).waitFor();
  });
});

test("what is bought after time was moved begins then, and nobody's clock is said to be off", async () => {
  await emulator("advance", { seconds: 40 * DAY });
  await bought("pro");
  const { now } = await emulator("state");
  const { currentPeriodEnd, timestamp } = await entitlements();
  assert.ok(Date.parse(currentPeriodEnd) / 1000 > now, currentPeriodEnd);
  assert.ok(Math.abs(Date.parse(timestamp) / 1000 - now) < DAY, `${timestamp} is the time of the answer`);
  assert.match(await doctor(), /^ok +clock +within a second of Stripe's$/m);
});
