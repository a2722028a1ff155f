// The example application, <PricingTable> with pricing.css, as a browser shows it: built from client/dist,
// against the stack's own API.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { everywhere, once } from "./inspect.mjs";
import { beginAnew, bought, consoleUrl } from "./stack.mjs";

const client = fileURLToPath(new URL("../../client/", import.meta.url));
const example = `${client}examples/vite-react/`;

const built = once(async () => {
  const { build } = createRequire(`${client}package.json`)("esbuild");
  const { outputFiles } = await build({
    entryPoints: [`${example}src/main.tsx`],
    alias: { "@promptforge/billing": `${client}dist` },
    define: { "process.env.NODE_ENV": '"production"' },
    jsx: "automatic",
    format: "esm",
    bundle: true,
    write: false,
    outdir: "/",
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path, text]));
});

/** Puts the example beside the console, so that it reaches the API without a server of its own. */
async function open(page) {
  const { "/main.js": script, "/main.css": style } = await built();
  const html = readFileSync(`${example}index.html`, "utf8").replace(
    "</head>",
    `<style>${style}</style></head>`,
  );
  await page.route("**/example", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.route("**/src/main.tsx", (route) =>
    route.fulfill({ contentType: "text/javascript", body: script }),
  );
  await page.goto(`${consoleUrl}example`);
}

const plan = (page, name) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name }) });

everywhere("example-pilot", async (page) => {
  await beginAnew();
  await open(page);
  await plan(page, "Pilot").getByText("Current plan").waitFor();
});
everywhere("example-pro-yearly", async (page) => {
  await bought("pro");
  await open(page);
  await plan(page, "Pro").getByText("Current plan").waitFor();
  await page.getByRole("radio", { name: "Yearly" }).check({ force: true });
  await page.getByText("$2,990 per year").waitFor();
});
everywhere("example-opening", async (page) => {
  await beginAnew();
  await page.route("**/api/billing/checkout", () => {}); // never answered
  await open(page);
  await page.getByRole("button", { name: "Choose Pro" }).click();
  await page.getByRole("button", { name: "Opening Pro…" }).focus();
});
