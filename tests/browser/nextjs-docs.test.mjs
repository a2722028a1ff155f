// What client/docs/NEXTJS.md says that a new application has, and nothing else: it is built, and somebody
// signs in, buys, uses what they bought, and sees an outage.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, withPage } from "./browser.mjs";
import { startDocumented } from "./nextjs.mjs";
import { beginAnew, bought, descriptor } from "./stack.mjs";

const { orgId, users } = descriptor;

let browser;
let app;
before(async () => {
  app = await startDocumented(descriptor);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

async function signIn(page) {
  await page.goto(app.url);
  await page.waitForURL(/\/sign-in$/);
  await page.getByLabel("Email").fill(users.owner.email);
  await page.getByLabel("Password").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Documents" }).waitFor();
}

test("nextjs by its page: from the sign-in to what was bought", async () => {
  await beginAnew();
  await withPage(browser, {}, async (page) => {
    await signIn(page);
    await page.getByRole("link", { name: "Export as PDF comes with Pro" }).click();
    await page.getByRole("button", { name: "Choose PromptForge Pro" }).click();
    await page.waitForURL(/\/c\/pay\//);
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.waitForURL((address) => address.pathname === `/${orgId}/success`);
    const fields = new URL(page.url()).searchParams;
    assert.match(fields.get("session_id"), /^cs_test_/);
    assert.equal(fields.get("orgId"), orgId);
    await page.getByText("Your plan is active.").waitFor();
    await page.goto(`${app.url}/${orgId}`);
    await page.getByRole("button", { name: "Export as PDF" }).click();
    await page.getByText("the PDF").waitFor();
  });
});

test("nextjs by its page: what the server rendered follows a change", async () => {
  await beginAnew();
  await withPage(browser, {}, async (page) => {
    await signIn(page);
    await page.getByRole("link", { name: "History" }).click();
    await page.getByText("History comes with Pro").waitFor();
    await bought("pro");
    await page.getByRole("heading", { name: "History" }).waitFor();
  });
});

test("nextjs by its page: an outage sells nothing and signs nobody out", async () => {
  await bought("pro");
  await withPage(browser, { outage: true }, async (page) => {
    await signIn(page);
    app.api.down = 503;
    await page.goto(`${app.url}/${orgId}/history`);
    await page.getByText("Your plan cannot be checked at the moment. Reload to try again.").waitFor();
    app.api.down = 0;
    app.auth.down = 503;
    await app.restart(); // nobody has the keys any more
    await page.goto(app.url);
    await page.getByText("This page cannot be shown at the moment.").waitFor();
    app.auth.down = 0;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Documents" }).waitFor();
  });
});
