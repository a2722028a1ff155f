// Measures what each entry adds to a page, minified and compressed, and holds it to its promise.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const client = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Bytes: of a whole entry, and of what a page with only these imports of it carries. */
const limits = [
  [".", "*", 3.5 * 1024],
  ["./realtime", "*", 512],
  ["./server", "*", 4 * 1024],
  ["./next", "*", 5.5 * 1024],
  ["./react", "BillingProvider, Gate", 2 * 1024],
  ["./react", "BillingProvider, Gate, BillingBanner", 4 * 1024],
  ["./react", "BillingProvider, Gate, PricingTable", 7 * 1024],
  ["./react", "*", 8.25 * 1024],
];

const { exports, dependencies } = JSON.parse(readFileSync(join(client, "package.json"), "utf8"));
if (dependencies) throw new Error("The package promises to have no dependency");
let failed = false;
for (const [entry, names, limit] of limits) {
  const what = names === "*" ? "*" : `{ ${names} }`;
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${what} from ${JSON.stringify(join(client, exports[entry].default))};`,
      resolveDir: client,
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["react", "react/jsx-runtime"],
    logLevel: "error",
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  failed ||= size > limit;
  console.log(
    `${`${entry} ${what}`.padEnd(52)} ${size} of ${limit} bytes${size > limit ? ": too large" : ""}`,
  );
}
process.exitCode = failed ? 1 : 0;
