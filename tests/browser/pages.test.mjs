// How the emulator's pages look in each state.

import { everywhere, once } from "./inspect.mjs";
import { bought, emulator, openCheckout, openPortal, panelUrl } from "./stack.mjs";

everywhere("missing", async (page) => { await page.goto(panelUrl.replace("/panel", "/c/pay/cs_test_none")); });

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
everywhere("portal", async (page) => {
  await pro();
  await page.goto(await openPortal());
});
const failed = once(async () => emulator("renew", { subscription: await pro(), succeeds: false }));
everywhere("portal-past-due", async (page) => {
  await failed();
  await page.goto(await openPortal());
});
everywhere("panel", async (page) => { await page.goto(panelUrl); });
