// How the console looks in each state: who looks, which plan there is, what fails.

import { consoleAs } from "./browser.mjs";
import { everywhere, once } from "./inspect.mjs";
import { beginAnew, bought, consoleUrl, emulator } from "./stack.mjs";

const ENTITLEMENTS = "**/api/entitlements?*";
const refused = (status, code, error) => ({
  status,
  json: { success: false, error, code, requestId: "6f1c2a9e-3d41-4f0b-9a57-0c2d8e7b4f13" },
});
const outage = refused(503, "database_unavailable", "The database is not available");
const returned = `${consoleUrl}billing/success?session_id=cs_test_1`;
const notice = (page) => page.locator("#notice");

everywhere("console-loading", async (page) => {
  await page.route("**/console/context", () => {}); // never answered
  await page.goto(consoleUrl);
});
everywhere("console-no-token", async (page) => {
  await page.route("**/auth/v1/token?*", (route) =>
    route.fulfill({ status: 400, json: { error_code: "invalid_credentials" } }),
  );
  await page.goto(consoleUrl);
  await page.getByText("(token_unavailable)").waitFor();
});

const nothing = once(beginAnew);
everywhere("console-no-plan", async (page) => {
  await nothing();
  await consoleAs(page, "Owner");
});
everywhere("console-outsider", async (page) => { await consoleAs(page, "Outsider"); });
everywhere("console-waiting", async (page) => {
  await page.route("**/api/billing/sync", () => {}); // never answered
  await page.goto(returned);
  await notice(page).getByText("Waiting for Stripe to confirm").waitFor();
  await page.getByText(/^1 of \d+ on$/).waitFor();
});
everywhere(
  "console-refused",
  async (page) => {
    await consoleAs(page, "Owner");
    await page.route("**/api/billing/checkout", (route) =>
      route.fulfill(refused(502, "stripe_error", "Stripe could not be asked")),
    );
    await page.getByRole("button", { name: "Buy Pro" }).click();
    await notice(page).getByText("(stripe_error, request 6f1c2a9e").waitFor();
  },
  { outage: true },
);
everywhere("console-grace-over", async (page) => {
  await page.route(ENTITLEMENTS, async (route) => {
    const headers = { ...route.request().headers(), "if-none-match": "" };
    const reply = await route.fetch({ headers });
    await route.fulfill({ json: { ...await reply.json(), status: "past_due" } }); // else it takes a fortnight
  });
  await consoleAs(page, "Owner");
  await page.getByText("the grace period is over").waitFor();
});

const pro = once(() => bought("pro"));
everywhere("console-pro", async (page) => {
  await pro();
  await consoleAs(page, "Owner");
  await page.getByText(/^7 of \d+ on$/).waitFor();
});
everywhere("console-member", async (page) => {
  await consoleAs(page, "Member");
  await page.getByText(/^7 of \d+ on$/).waitFor();
});
everywhere("console-welcome", async (page) => {
  await page.goto(returned);
  await notice(page).getByText("Welcome to PromptForge Pro.").waitFor();
});
everywhere("console-error", async (page) => {
  await page.route(ENTITLEMENTS, (route) => route.fulfill(outage));
  await page.goto(consoleUrl);
  await page.getByRole("heading", { name: "The plan could not be read" }).waitFor();
}, { outage: true });
everywhere("console-stale", async (page) => {
  await consoleAs(page, "Owner");
  await page.route(ENTITLEMENTS, (route) => route.fulfill(outage));
  await page.getByText("What you see is its last answer.").waitFor();
}, { outage: true });

const cancelling = once(async () => emulator("portal/cancel_at_period_end", { subscription: await pro() }));
everywhere("console-cancelling", async (page) => {
  await cancelling();
  await consoleAs(page, "Owner");
  await page.getByText("Pro ends on").waitFor();
});
const failed = once(async () => {
  await emulator("portal/resume", { subscription: await pro() });
  await emulator("renew", { subscription: await pro(), succeeds: false });
});
everywhere("console-past-due", async (page) => {
  await failed();
  await consoleAs(page, "Owner");
  await page.getByText("Payment failed, access until").waitFor();
});
const unpaid = once(async () =>
  emulator("portal/set_status", { subscription: await pro(), status: "unpaid" }),
);
everywhere("console-unpaid", async (page) => {
  await unpaid();
  await consoleAs(page, "Owner");
  await page.getByText("The last invoices were not paid").waitFor();
});

const enterprise = once(() => bought("enterprise"));
everywhere("console-enterprise", async (page) => {
  await enterprise();
  await consoleAs(page, "Owner");
  await page.getByText(/^11 of \d+ on$/).waitFor();
  await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
  await page.getByText("What the API answered").click();
});
const trial = once(async () =>
  emulator("portal/set_status", { subscription: await enterprise(), status: "trialing" }),
);
everywhere("console-trial", async (page) => {
  await trial();
  await consoleAs(page, "Owner");
  await page.getByText("Trial: every feature of the plan is on.").waitFor();
});
