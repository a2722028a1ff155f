// Chromium, and pages that remember every console error, policy violation and request to elsewhere.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { consoleUrl } from "./stack.mjs";

export const SIZES = { 390: 844, 1440: 900 };

/** Whether the console shall not find the built client, as in a checkout without Node. */
const STAND_IN = process.env.CLIENT === "stand-in";

export function launch() {
  const args = ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: process.env.CHROMIUM, args });
}

/** A context of its own; `problems` are what no page should have. With `outage` the API may fail. */
export async function open(browser, { scheme = "light", width = 1440, outage = false } = {}) {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: SIZES[width] },
    reducedMotion: "reduce",
    locale: "en-US",
    timezoneId: "UTC",
  });
  context.setDefaultTimeout(30_000); // far more than anything takes: on a busy machine, too
  const problems = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  if (STAND_IN) await context.route("**/client/**", (route) => route.fulfill({ status: 404 }));
  context.on("console", (message) => {
    // Chromium reports every 4xx and 5xx as an error; which of them are problems is decided below. In an
    // outage nobody may answer, and React reports what an error page is shown for (its error 441: the
    // server's part failed).
    const isTold = /status of [45]\d\d/.test(message.text())
      || (outage && /net::ERR_CONNECTION|React error #441/.test(message.text()));
    if (message.type() === "error" && !isTold)
      problems.push(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on("weberror", (failure) => problems.push(String(failure.error())));
  context.on("response", (reply) => {
    if (reply.status() >= 500 && !outage) problems.push(`${reply.status()} from ${reply.url()}`);
  });
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") problems.push(`asked ${request.url()}`);
  });
  return { context, problems };
}

/** Runs `play` with a page of its own, which must end without problems. */
export async function withPage(browser, options, play) {
  const { context, problems } = await open(browser, options);
  try {
    await play(await context.newPage(), context);
    assert.deepEqual(problems, []);
  } finally {
    // A request that the page still makes may be on its way through a route of the test's.
    for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
}

/** The console, signed in as one of the demo's people, once it shows their answer. */
export async function consoleAs(page, who) {
  await page.goto(consoleUrl);
  await page
    .getByText(`The API is called with ${STAND_IN ? "a stand-in" : "the package @promptforge/billing"}`)
    .waitFor();
  await page.getByRole("radio", { name: who }).check({ force: true });
  await page
    .locator("#viewer-note", { hasText: `${who.toLowerCase()}@` })
    .filter({ hasText: "the API answers" })
    .waitFor();
  return page;
}

/** Follows the link out of the console to the page of Stripe's that the button opens. */
export async function leave(page, button, address) {
  await page.getByRole("button", { name: button }).click();
  await page.waitForURL(address);
}
