// What a customer does in the portal, and what the console shows then.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { consoleAs, launch, leave, withPage } from "./browser.mjs";
import {
  beginAnew,
  bought,
  configurePortal,
  emulator,
  entitlements,
  liveSubscriptions,
  openCheckout,
  openPortal,
  prices,
  until,
} from "./stack.mjs";

const PORTAL = /\/p\/session\//;
const day = (iso) =>
  new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(iso),
  );
/** Sends what was chosen, and confirms what the portal says that it costs. */
async function confirm(page) {
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Confirm your change" }).waitFor();
  await page.getByRole("button", { name: "Confirm" }).click();
}
const charged = async () => (await emulator("state")).charges.length;

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
    await confirm(page);
    await page.getByText("$598.00").first().waitFor();
    await back(page);
    await page.getByText(/^11 of \d+ on$/).waitFor();
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
    await page.getByRole("status").getByText("Your cancellation was received.").waitFor();
    await page.getByText(/^The plan stays on until/).waitFor();
    const { cancelAt } = await until(entitlements, (answer) => answer.cancelAt !== null);
    await back(page);
    await page.getByText(`Pro ends on ${day(cancelAt)}.`).waitFor();
    await page.getByText(/^7 of \d+ on$/).waitFor();
    await leave(page, "Manage billing", PORTAL);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText(/Renews on/).waitFor();
    await back(page);
    await page.locator("#plan").getByText("Renews on").waitFor();
  });
});

test("a downgrade waits for the end of the period, and can be taken back", async () => {
  const subscription = await bought("enterprise");
  const renewed = async () => {
    await emulator("renew", { subscription });
    const [{ items }] = await liveSubscriptions();
    return items.data[0].price.lookup_key;
  };
  await withPage(browser, {}, async (page) => {
    await portal(page);
    const waits = page.getByText(/^Your plan will change to PromptForge Pro on \w+ \d+, \d{4}\.$/);
    const downgrade = async () => {
      await page.getByRole("radio", { name: /Pro .* per month/ }).check();
      await confirm(page);
      await page.getByRole("status").getByText("Your change of plan was received.").waitFor();
      await waits.waitFor();
    };
    await downgrade();
    await page.getByRole("radio", { name: "PromptForge Pro Next $49.00 per month" }).waitFor();
    await back(page);
    await page.getByText(/^11 of \d+ on$/).waitFor();
    await leave(page, "Manage billing", PORTAL);
    await page.getByRole("button", { name: "Keep current plan" }).click();
    await page.getByRole("status").getByText("You keep your plan.").waitFor();
    assert.equal(await waits.count(), 0);
    assert.equal(await renewed(), "promptforge_enterprise_month");

    await downgrade();
    assert.equal(await renewed(), "promptforge_pro_month");
    await back(page);
    await page.getByText(/^7 of \d+ on$/).waitFor();
  });
});

test("a plan that is cancelled at once goes off on an open console", async (t) => {
  await bought("pro");
  const cancel = (mode) => configurePortal({ "features[subscription_cancel][mode]": mode });
  await cancel("immediately");
  t.after(() => cancel("at_period_end"));
  await withPage(browser, {}, async (page, context) => {
    await consoleAs(page, "Owner");
    await page.getByText(/^7 of \d+ on$/).waitFor();
    const other = await context.newPage();
    await portal(other);
    await other.getByText("Cancel subscription").click();
    await other.getByRole("button", { name: "Cancel now" }).click();
    await other.getByText("There is no subscription.").waitFor();
    await page.bringToFront();
    await page.getByText(/^1 of \d+ on$/).waitFor();
  });
});

test("the portal offers the plans that are sold, and seats where there are seats", async () => {
  await bought("pro");
  await withPage(browser, {}, async (page) => {
    await page.goto(await openPortal());
    const offers = async (...plans) => {
      const offered = (await page.locator(".choice:visible").allInnerTexts()).map((text) =>
        text.replace(/\s+/g, " ").replace("PromptForge ", ""),
      );
      // An operator may sell more.
      assert.deepEqual(plans.filter((plan) => !offered.includes(plan)), [], `${offered}`);
      for (const name of ["Pro ", "Enterprise "])
        assert.equal(offered.filter((text) => text.startsWith(name)).length, 1, `${name}once: ${offered}`);
      assert.ok(!offered.some((text) => text.startsWith("Pilot")), "nobody buys what everybody has");
    };
    await offers("Pro Current $49.00 per month", "Enterprise $299.00 per month");
    await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
    await offers("Pro $490.00 per year", "Enterprise $2,990.00 per year");
    const quantity = page.getByLabel("Quantity");
    assert.ok(await quantity.isDisabled(), "pro is one seat");
    await page.getByRole("radio", { name: /Enterprise .* per year/ }).check();
    await quantity.fill("3");
    await page.getByRole("radio", { name: /Pro .* per year/ }).check();
    assert.deepEqual([await quantity.isDisabled(), await quantity.inputValue()], [true, "1"]);
  });
});

test("what a change costs now and later is shown before anything is charged", async () => {
  const subscription = await bought("pro");
  const before = await charged();
  await withPage(browser, {}, async (page) => {
    await page.goto(await openPortal());
    await page.getByRole("radio", { name: /Enterprise .* per month/ }).check();
    await page.getByLabel("Quantity").fill("999");
    await page.getByRole("button", { name: "Continue" }).click();
    const row = (name) => page.locator(".totals div", { hasText: new RegExp(`^${name}`) });
    await row("New").getByText("PromptForge Enterprise, 999 × $299.00 per month").waitFor();
    assert.match(await row("Due today").innerText(), /\$298,[56]\d\d\.\d\d/);
    assert.match(
      await row("Then").innerText(),
      /\$298,701\.00 per month, first on [A-Z][a-z]+ \d+, \d{4}/,
    );
    await page.reload();
    await row("Then").getByText("$298,701.00 per month").waitFor();
    assert.equal(await charged(), before, "nothing was charged");
    await page.getByRole("link", { name: "Back to billing" }).click();
    await page.getByRole("region", { name: "PromptForge Pro" }).getByText("1 × $49.00").waitFor();
    await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
    await page.getByRole("button", { name: "Continue" }).click();
    await row("New").getByText("PromptForge Pro, 1 × $490.00 per year").waitFor();
    await row("Due today").getByText("$490.00").waitFor();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("status").getByText("Your plan was updated.").waitFor();
  });
  assert.equal(await charged(), before + 1);
  const [{ id, items }] = await liveSubscriptions();
  assert.deepEqual([id, items.data[0].price.lookup_key], [subscription, "promptforge_pro_year"]);
});

test("whoever chooses what they have is told so, and pays nothing", async () => {
  await bought("pro");
  const before = await charged();
  const told = (await emulator("state")).events.length;
  await withPage(browser, {}, async (page) => {
    await page.goto(await openPortal());
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("status").getByText("Nothing changed").waitFor();
  });
  assert.deepEqual([await charged(), (await emulator("state")).events.length], [before, told]);
});

test("an open invoice has a number, and is paid where it is listed", async () => {
  const subscription = await bought("pro");
  await emulator("renew", { subscription, succeeds: false });
  await withPage(browser, {}, async (page) => {
    await page.goto(await openPortal());
    const open = page.getByRole("row").filter({ hasText: "Open" });
    assert.match(await open.innerText(), /LOCAL-\d{4}/);
    await open.getByRole("button", { name: /^Pay invoice LOCAL-\d{4}$/ }).click();
    await page.getByRole("status").getByText("your payment was received").waitFor();
    assert.equal(await page.getByRole("button", { name: /^Pay/ }).count(), 0);
  });
  await until(entitlements, ({ status }) => status === "active");
});

test("a forged form for a plan that is not offered is refused and changes nothing", async () => {
  const subscription = await bought("pro");
  const { id: pilot } = (await prices()).find(({ lookup_key: key }) => key === "promptforge_pilot_month");
  await withPage(browser, {}, async (page) => {
    await page.goto(await openPortal());
    await page
      .locator('[name="price"]')
      .first()
      .evaluate((radio, price) => {
        radio.value = price;
        radio.checked = true;
      }, pilot);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "The portal does not offer this" }).waitFor();
    const [{ id, items }] = await liveSubscriptions();
    assert.deepEqual([id, items.data[0].price.lookup_key], [subscription, "promptforge_pro_month"]);
    await page.getByRole("link", { name: "Back to billing" }).click();
    await page.getByText("Renews on").waitFor();
  });
});

/** Moves the focus with Tab alone until it is where it should be, and sees that it shows. */
async function tabTo(page, target) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    const outline = await target.evaluate(
      (node) => node === document.activeElement && getComputedStyle(node).outlineStyle,
    );
    if (outline) return assert.notEqual(outline, "none", "the focus shows");
  }
  assert.fail(`Tab does not reach ${target}`);
}

test("a purchase, an upgrade and a cancellation work with the keyboard, and say what they did", async () => {
  await beginAnew();
  const has = (node) => node.evaluate((shown) => shown === document.activeElement);
  await withPage(browser, {}, async (page) => {
    await page.goto(await openCheckout("pro"));
    await tabTo(page, page.getByRole("radio", { checked: true }));
    await tabTo(page, page.getByRole("button", { name: "Subscribe" }));
    await page.keyboard.press("Enter");
    await page.getByText(/^7 of \d+ on$/).waitFor();
    await tabTo(page, page.getByRole("button", { name: "Manage billing" }));
    await page.keyboard.press("Enter");
    await page.waitForURL(PORTAL);

    const said = page.getByRole("status");
    await tabTo(page, page.getByRole("radio", { name: "Monthly" }));
    await tabTo(page, page.getByRole("radio", { name: /Pro .* per month/ }));
    const enterprise = page.getByRole("radio", { name: /Enterprise .* per month/ });
    for (let presses = 0; presses < 4 && !(await enterprise.isChecked()); presses += 1)
      await page.keyboard.press("ArrowDown");
    await tabTo(page, page.getByLabel("Quantity"));
    await page.keyboard.press("ArrowUp");
    await tabTo(page, page.getByRole("button", { name: "Continue" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("button", { name: "Confirm" }));
    await page.keyboard.press("Enter");
    await said.getByText("Your plan was updated.").waitFor();
    assert.ok(await has(said), "what was done has the focus");
    await page.reload();
    assert.equal(await said.count(), 0, "and is said once");
    await page.getByText("$598.00").first().waitFor();

    await tabTo(page, page.locator("summary"));
    await page.keyboard.press("Space");
    await tabTo(page, page.getByRole("button", { name: /^Cancel on / }));
    await page.keyboard.press("Space");
    await said.getByText("Your cancellation was received.").waitFor();
    await tabTo(page, page.getByRole("button", { name: "Resume" }));
  });
  const [{ cancel_at_period_end: ends }] = await liveSubscriptions();
  assert.equal(ends, true);
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
