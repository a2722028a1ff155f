// How the emulator's pages look in each state.

import { after } from "node:test";
import { everywhere, once } from "./inspect.mjs";
import {
  beginAnew,
  bought,
  consoleUrl,
  emptyPanel,
  emulator,
  liveSubscriptions,
  openCheckout,
  openPortal,
  panelUrl,
  stripe,
} from "./stack.mjs";

const stack = {
  nothing: once(beginAnew),
  pro: once(() => bought("pro")),
  failed: once(async () => emulator("renew", { subscription: await stack.pro(), succeeds: false })),
  ending: once(async () => emulator("portal/cancel_at_period_end", { subscription: await bought("pro") })),
  enterprise: once(() => bought("enterprise")),
  cancelled: once(async () => emulator("portal/cancel_now", { subscription: await bought("pro") })),
};

const of = (url) => url.split("/").pop();
const heading = (page, name) => page.getByRole("heading", { name }).waitFor();

/** A checkout that ended, at the address it had. */
async function ended(act) {
  await stack.nothing();
  const url = await openCheckout("pro");
  await emulator(`checkout/${of(url)}/${act}`, {});
  return url;
}

/** The checkout page of something that is paid days later, once. */
async function payLater() {
  const { id: price } = await stripe("prices", {
    currency: "usd",
    unit_amount: "12500",
    "product_data[name]": "Setup of the workspace",
  });
  const form = {
    mode: "payment",
    success_url: consoleUrl,
    "line_items[0][price]": price,
    "line_items[0][quantity]": "1",
  };
  return (await stripe("checkout/sessions", { ...form, "payment_method_types[0]": "sepa_debit" })).url;
}

/** A payment link to a plan, which whoever has its address may open. */
async function linkTo(amount) {
  const { id: price } = await stripe("prices", {
    currency: "usd",
    unit_amount: amount,
    "recurring[interval]": "month",
    "recurring[interval_count]": "3",
    "product_data[name]": "Support",
  });
  return stripe("payment_links", { "line_items[0][price]": price, "line_items[0][quantity]": "1" });
}

/** The portal of a customer who never bought anything, or of the organization's where nothing may be done. */
async function portalOf(customer, features) {
  const { id } = await stripe("billing_portal/configurations", features);
  return (await stripe("billing_portal/sessions", { customer, configuration: id, return_url: consoleUrl }))
    .url;
}
const stranger = async () =>
  (await stripe("customers", { name: "Nobody Yet", email: "nobody@example.com" })).id;
const acme = async () => (await liveSubscriptions())[0].customer;

/** Asks the portal for what it does not offer. */
async function forge(page) {
  await page
    .locator('[name="price"]')
    .first()
    .evaluate((radio) => {
      radio.value = "price_of_another";
      radio.checked = true;
    });
  await page.getByRole("button", { name: "Continue" }).click();
  await heading(page, "The portal does not offer this");
}

const empty = once(emptyPanel);
after(async () => (await empty()).close());

/** Every page and state: how a fresh browser page comes to it. */
const states = {
  "checkout-missing": (page) => page.goto(panelUrl.replace("/panel", "/c/pay/cs_test_none")),
  "portal-missing": (page) => page.goto(panelUrl.replace("/panel", "/p/session/bps_none")),
  "panel-empty": async (page) => page.goto((await empty()).url),

  "checkout": async (page) => {
    await stack.nothing();
    await page.goto(await openCheckout("pro"));
  },
  "checkout-pay-later": async (page) => page.goto(await payLater()),
  "checkout-declined": async (page) => {
    await page.goto(await openCheckout("pro"));
    await page.getByRole("radio", { name: "Visa •••• 0002" }).check();
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.getByRole("alert").waitFor();
  },
  "checkout-expired": async (page) => {
    await page.goto(await ended("abandon"));
    await heading(page, "This page has expired");
  },
  "checkout-complete": async (page) => {
    await page.goto(await ended("pay"));
    await heading(page, "All done");
  },

  "portal-no-subscription": async (page) =>
    page.goto(await portalOf(await stranger(), { "features[subscription_cancel][enabled]": "true" })),
  "portal-cancelled": async (page) => {
    await stack.cancelled();
    await page.goto(await openPortal());
  },
  "portal-ending": async (page) => {
    await stack.ending();
    await page.goto(await openPortal());
  },

  "portal-scheduled": async (page) => {
    await stack.enterprise();
    await page.goto(await openPortal());
    await page.getByRole("radio", { name: "PromptForge Pro $49.00 per month" }).check();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Your plan will change to PromptForge Pro on").waitFor();
  },

  portal: async (page) => {
    await stack.pro();
    await page.goto(await openPortal());
  },
  "portal-confirm": async (page) => {
    await page.goto(await openPortal({ type: "update", planCode: "enterprise", interval: "month" }));
    await heading(page, "Confirm your change");
  },
  "portal-card": async (page) => {
    await page.goto(await openPortal({ type: "payment_method" }));
    await heading(page, "Change your card");
  },
  "portal-cancelling": async (page) => {
    await page.goto(await openPortal());
    await page.getByText("Cancel subscription").click();
  },
  "portal-nothing-changed": async (page) => {
    await page.goto(await openPortal());
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("status").waitFor();
  },
  "portal-preview": async (page) => {
    await page.goto(await openPortal());
    await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
    await page.getByRole("radio", { name: /Enterprise .* per year/ }).check();
    await page.getByLabel("Quantity").fill("3");
    await page.getByRole("button", { name: "Continue" }).click();
    await heading(page, "Confirm your change");
  },
  "portal-refused": async (page) => {
    await page.goto(await openPortal());
    await forge(page);
  },
  "portal-read-only": async (page) =>
    page.goto(await portalOf(await acme(), { "features[invoice_history][enabled]": "true" })),

  "portal-past-due": async (page) => { await stack.failed(); await page.goto(await openPortal()); },
  "panel": (page) => page.goto(panelUrl),

  "link": async (page) => {
    const { url } = await linkTo("12000");
    await page.goto(`${url}?client_reference_id=anybody&prefilled_email=eve%40example.com`);
    await heading(page, "Payment");
  },
  "link-deactivated": async (page) => {
    const { id, url } = await linkTo("15000");
    await stripe(`payment_links/${id}`, { active: "false", inactive_message: "Sold out until spring." });
    await page.goto(url);
    await page.getByText("Sold out until spring.").waitFor();
  },
  "link-missing": (page) => page.goto(panelUrl.replace("/panel", "/b/none")),
  "panel-payments": async (page) => {
    const { charges } = await emulator("state");
    const paid = charges.filter(({ status, disputed }) => status === "succeeded" && !disputed);
    await emulator("dispute", { payment: paid.at(-1).id });
    await emulator("refund", { payment: paid.at(-2).id, amount: 100 });
    await page.goto(panelUrl);
    await page.getByRole("button", { name: "Dispute: won" }).first().waitFor();
  },
};

for (const [name, reach] of Object.entries(states)) everywhere(name, reach);
