// Looks at a page in both schemes and at both sizes: no violation that axe-core knows, nothing wider than the
// screen, and a picture of each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { SIZES, launch, withPage } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function inspect(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `${name} is wider than the screen`,
  );
  await page.evaluate(AXE); // by the debugger, which the page's policy does not bind
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`,
  );
  assert.deepEqual(told, [], name);
}

/** Looks at one page everywhere; `reach` leads a fresh browser page to it. With `outage` the API may fail. */
export function everywhere(name, reach, options = {}) {
  test(name, () => withPage(browser, options, async (page) => {
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
export function once(work) {
  let done;
  return () => (done ??= work());
}
