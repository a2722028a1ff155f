// The example application, with pricing.css, as a browser shows it: built from client/dist, against the
// stack's own API.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, withPage } from "./browser.mjs";
import { everywhere, once } from "./inspect.mjs";
import { beginAnew, bought, consoleUrl } from "./stack.mjs";

const client = fileURLToPath(new URL("../../client/", import.meta.url));
const example = `${client}examples/vite-react/`;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
const inBrowser = (play) => withPage(browser, {}, play);

const built = once(async () => {
  const { build } = createRequire(`${client}package.json`)("esbuild");
  const { outputFiles } = await build({
    entryPoints: [`${example}src/main.tsx`],
    // One React for both, also where the example has been installed.
    alias: {
      "@promptforge/billing": `${client}dist`,
      react: `${client}node_modules/react`,
      "react-dom": `${client}node_modules/react-dom`,
    },
    define: { "process.env.NODE_ENV": '"production"' },
    jsx: "automatic",
    loader: { ".svg": "dataurl" },
    format: "esm",
    bundle: true,
    write: false,
    outdir: "/",
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path, text]));
});

/** Puts the example beside the console, so that it reaches the API without a server of its own. */
async function open(page, who = "Owner") {
  const { "/main.js": script, "/main.css": style } = await built();
  const html = readFileSync(`${example}index.html`, "utf8").replace(
    "</head>",
    `<style>${style}</style></head>`,
  );
  await page.route(/\/(example|plans)$/, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.route("**/src/main.tsx", (route) =>
    route.fulfill({ contentType: "text/javascript", body: script }),
  );
  await page.goto(`${consoleUrl}example`);
  await page.getByRole("combobox").selectOption(who);
}
async function openPlans(page, who) {
  await open(page, who);
  await page.getByRole("link", { name: "Plans", exact: true }).click();
}

const plan = (page, name) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name }) });

everywhere("example-pilot", async (page) => {
  await beginAnew();
  await openPlans(page);
  await plan(page, "Pilot").getByText("Current plan").waitFor();
});
everywhere("example-pro-yearly", async (page) => {
  await bought("pro");
  await openPlans(page);
  await plan(page, "Pro").getByText("Current plan").waitFor();
  await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
  await page.getByText("$2,990 per year").waitFor();
});
everywhere("example-opening", async (page) => {
  await beginAnew();
  await page.route("**/api/billing/checkout", () => {}); // never answered
  await openPlans(page);
  await page.getByRole("button", { name: "Choose Pro" }).click();
  await page.getByRole("button", { name: "Opening…" }).focus();
});
everywhere("example-documents", async (page) => {
  await beginAnew();
  await open(page);
  await page.getByText("Comes with Enterprise.").waitFor();
});
everywhere("example-outsider", async (page) => {
  await open(page, "Outsider");
  await page.getByText("You are not a member of this organization.").waitFor();
});
everywhere(
  "example-outage",
  async (page) => {
    await bought("pro");
    await page.route("**/api/entitlements?*", (route) =>
      route.fulfill({ status: 503, json: { success: false, code: "database_unavailable" } }),
    );
    await openPlans(page);
    await page.getByText("Your plan cannot be checked at the moment.").waitFor();
    assert.equal(await page.getByRole("button", { name: /Choose|Upgrade/ }).count(), 0);
  },
  { outage: true },
);

test("example: everything is usable after the way back from the checkout by the browser's button", () =>
  inBrowser(async (page) => {
    await beginAnew();
    await openPlans(page);
    await page.getByRole("button", { name: "Choose Pro" }).click();
    await page.waitForURL(/\/c\/pay\//);
    await page.goBack();
    await page.getByRole("button", { name: "Choose Enterprise" }).click();
    await page.waitForURL(/\/c\/pay\//);
  }));

test("example: light and dark are the page's, not the system's", () =>
  inBrowser(async (page) => {
    await beginAnew();
    await openPlans(page);
    const color = () =>
      plan(page, "Pilot")
        .getByText("Current plan")
        .evaluate((element) => getComputedStyle(element).color);
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await color();
    await page.evaluate(() => {
      document.documentElement.style.colorScheme = "light";
    });
    const light = await color();
    assert.notEqual(light, dark);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await color(), light);
  }));
