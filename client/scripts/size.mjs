// Measures what each entry adds to a page, minified and compressed. Holds it to its promise, and the table in
// README.md to it.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const client = join(dirname(fileURLToPath(import.meta.url)), "..");
/**
 * Bytes: of a whole entry, and of what a page with only these imports of it carries. Then what README.md
 * writes before and behind the size.
 */
const limits = [
  [".", "*", 3.75 * 1024, "portal | ", " KiB |"],
  ["./realtime", "*", 640, "built in | ", " KiB |"],
  ["./server", "*", 4.25 * 1024, "any other server | ", " KiB |"],
  ["./next", "*", 5.5 * 1024, "of Next.js | ", " KiB, on the server |"],
  ["./react", "BillingProvider, Gate", 2 * 1024, "18 and 19 | ", " KiB with the gate"],
  ["./react", "BillingProvider, Gate, BillingBanner", 4.5 * 1024],
  ["./react", "BillingProvider, Gate, PricingTable", 7.75 * 1024],
  ["./react", "*", 9.25 * 1024, "with the gate, ", " KiB with all |"],
  ["./pricing.css", "", 2 * 1024, "light and dark | ", " KiB |"],
];

const { exports, dependencies } = JSON.parse(readFileSync(join(client, "package.json"), "utf8"));
if (dependencies) throw new Error("The package promises to have no dependency");
const readme = readFileSync(join(client, "README.md"), "utf8");
let failed = false;
for (const [entry, names, limit, before, behind] of limits) {
  const what = names && (names === "*" ? "*" : `{ ${names} }`);
  const path = join(client, exports[entry].default ?? exports[entry]);
  const contents = `export ${what} from ${JSON.stringify(path)};`;
  const { outputFiles } = await build({
    ...(names ? { stdin: { contents, resolveDir: client } } : { entryPoints: [path] }),
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
  if (!before) continue;
  const at = readme.indexOf(before) + before.length;
  const said = readme.slice(at, readme.indexOf(behind, at));
  if (!(Math.abs(said - size / 1024) < 0.1)) {
    failed = true;
    console.log(`README.md says ${said} KiB of ${entry} ${what}: it is ${(size / 1024).toFixed(1)}`);
  }
}
process.exitCode = failed ? 1 : 0;
