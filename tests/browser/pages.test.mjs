// Every page in both schemes and at both sizes: no violation that axe-core knows, nothing wider than the screen, and a picture of each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { SIZES, consoleAs, launch, withPage } from "./browser.mjs";
import { beginAnew, bought, consoleUrl, emulator, openCheckout, openPortal, panelUrl } from "./stack.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function inspect(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the screen`);
  await page.evaluate(AXE); // by the debugger, which the page's policy does not bind
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`);
  assert.deepEqual(told, [], name);
}

/** Looks at one page in every scheme and size; `reach` leads a fresh browser page to it. */
function everywhere(name, reach) {
  test(name, () => withPage(browser, {}, async (page) => {
    await reach(page);
    for (const [width, height] of Object.entries(SIZES)) {
      await page.setViewportSize({ width: Number(width), height });
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await inspect(page, `${name}-${colorScheme}-${width}`);
      }
    }
  }));
}

/** Something that is done once before the first page that needs it. */
function once(work) {
  let done;
  return () => (done ??= work());
}

const nothing = once(beginAnew);
everywhere("missing", async (page) => { await page.goto(panelUrl.replace("/panel", "/c/pay/cs_test_none")); });
everywhere("console-no-plan", async (page) => { await nothing(); await consoleAs(page, "Owner"); });
everywhere("console-outsider", async (page) => { await consoleAs(page, "Outsider"); });

everywhere("checkout", async (page) => {
  await page.goto(await openCheckout("pro"));
  await page.getByRole("button", { name: "Subscribe" }).waitFor();
});
everywhere("checkout-declined", async (page) => {
  await page.goto(await openCheckout("pro"));
  await page.getByRole("radio", { name: "Visa •••• 0002" }).check();
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("alert").waitFor();
});
const expired = once(async () => {
  const url = await openCheckout("pro");
  await emulator(`checkout/${url.split("/").pop()}/abandon`, {});
  return url;
});
everywhere("checkout-expired", async (page) => {
  await page.goto(await expired());
  await page.getByRole("heading", { name: "This page has expired" }).waitFor();
});

const pro = once(() => bought("pro"));
everywhere("console-pro", async (page) => {
  await pro();
  await consoleAs(page, "Owner");
  await page.getByText("7 of 11 on").waitFor();
});
everywhere("console-member", async (page) => { await consoleAs(page, "Member"); await page.getByText("7 of 11 on").waitFor(); });
everywhere("portal", async (page) => { await page.goto(await openPortal()); });

const failed = once(async () => emulator("renew", { subscription: await pro(), succeeds: false }));
everywhere("console-past-due", async (page) => {
  await failed();
  await consoleAs(page, "Owner");
  await page.getByText("Payment failed, access until").waitFor();
});
everywhere("portal-past-due", async (page) => { await failed(); await page.goto(await openPortal()); });
everywhere("panel", async (page) => { await page.goto(panelUrl); });

everywhere("console-loading", async (page) => {
  await page.route("**/console/context", () => {}); // never answered
  await page.goto(consoleUrl);
});
