// Measures what each entry adds to a page, minified and compressed, and holds the core to its promise.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const client = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Bytes, by entry. */
const limits = { ".": 3 * 1024, "./realtime": 512, "./react": 2.5 * 1024, "./server": 3.5 * 1024 };

const { exports, dependencies } = JSON.parse(readFileSync(join(client, "package.json"), "utf8"));
if (dependencies) throw new Error("The package promises to have no dependency");
let failed = false;
for (const [entry, limit] of Object.entries(limits)) {
  const { outputFiles } = await build({
    entryPoints: [join(client, exports[entry].default)],
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
  console.log(`${entry.padEnd(12)} ${size} of ${limit} bytes${size > limit ? ": too large" : ""}`);
}
process.exitCode = failed ? 1 : 0;
