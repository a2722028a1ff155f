// What an operator does in the panel: what is told there, and switches that do what they show.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, withPage } from "./browser.mjs";
import { bought, emulator, panelUrl, stripe, until } from "./stack.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const events = async () => (await emulator("state")).events;
/** Changes a subscription, which is told at once; the event. */
async function tell(subscription, note) {
  await stripe(`subscriptions/${subscription}`, { "metadata[note]": note });
  return (await events()).at(-1).id;
}
const find = async (id) => (await events()).find((event) => event.id === id);
/** The event as soon as it has been delivered like this. */
const delivered = (id, holds) =>
  until(() => find(id), ({ deliveries }) => deliveries.length > 0 && deliveries.every(holds));

test("events of the catalogue are folded away from those of customers", async () => {
  await bought("pro");
  await stripe("products", { name: "Never sold" });
  await withPage(browser, {}, async (page) => {
    await page.goto(panelUrl);
    const told = page.getByRole("group", { name: "Events", exact: true });
    await told.getByText("customer.subscription.created").first().waitFor();
    assert.equal(await told.getByText(/^(product|price)\./).count(), 0);
    const quiet = page.getByRole("group", { name: "Events of the catalogue" });
    assert.ok(!(await quiet.isVisible()));
    await page.locator("summary", { hasText: /^Events of the catalogue: \d+$/ }).click();
    await quiet.getByText("product.created").first().waitFor();
    // What is unfolded stays so when the page is fresh again.
    const count = async () => Number(await page.locator('[data-part="quiet"]').textContent());
    const before = await count();
    await stripe("products", { name: "Never sold either" });
    await until(count, (now) => now > before);
    assert.ok(await quiet.isVisible());
  });
});

test("a switch of the panel shows what is on, does it, and is switched off again", async (t) => {
  const subscription = await bought("pro");
  const calm = { hold: false, drop: false, duplicate: false };
  t.after(() => emulator("delivery", calm));
  await withPage(browser, {}, async (page) => {
    await page.goto(panelUrl);
    const press = async (name, isOn) => {
      await page.getByRole("button", { name, pressed: !isOn }).click();
      await page.getByRole("button", { name, pressed: isOn }).waitFor();
    };
    const release = page.getByRole("group", { name: "Release what is held" });
    assert.equal(await release.count(), 0, "nothing is held");

    await press("Hold", true);
    await release.waitFor();
    const held = await tell(subscription, "held");
    assert.ok((await find(held)).deliveries.every(({ state }) => state === "held"));
    await press("Hold", false);
    await delivered(held, ({ state }) => state === "succeeded");

    await press("Send twice", true);
    const twice = await tell(subscription, "twice");
    await delivered(twice, ({ attempts }) => attempts.length === 2);
    await press("Send twice", false);
    const once = await tell(subscription, "once");
    await delivered(once, ({ attempts }) => attempts.length === 1);

    await press("Lose everything", true);
    const lost = await tell(subscription, "lost");
    assert.ok((await find(lost)).deliveries.every(({ state }) => state === "dropped"));
    await press("Lose everything", false);
    await page.keyboard.press("Enter"); // the focus is still on it
    await page.getByRole("button", { name: "Lose everything", pressed: true }).waitFor();
  });
});
