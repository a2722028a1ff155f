// Compiles the examples of README.md: a block that names a file becomes that file, and those under one
// heading belong together.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const client = join(dirname(fileURLToPath(import.meta.url)), "..");
// Inside of the package, so that its name leads to its own `exports`, as for one who installed it.
const out = join(client, "readme-examples");
rmSync(out, { recursive: true, force: true });

const sections = readFileSync(join(client, "README.md"), "utf8").split(/^## /m);
let files = 0;
for (const [index, section] of sections.entries()) {
  for (const [, language, file, code] of section.matchAll(/^```(\S+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)) {
    if (!["ts", "tsx"].includes(language)) continue;
    if (!file) throw new Error(`An example names no file:\n${code}`);
    const path = join(out, String(index), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code.includes("export ") ? code : `${code}\nexport {};\n`);
    files++;
  }
}
if (files === 0) throw new Error("README.md has no examples");

const options = { extends: "../tsconfig.json", include: [".", "../scripts/next-headers.d.ts"] };
options.compilerOptions = {
  module: "ESNext",
  moduleResolution: "Bundler",
  noUnusedLocals: false,
  types: ["node", "vite/client"],
};
writeFileSync(join(out, "tsconfig.json"), JSON.stringify(options));
try {
  execFileSync(process.execPath, [join(client, "node_modules/typescript/bin/tsc"), "-p", out], {
    stdio: "inherit",
  });
} catch {
  process.exit(1);
}
rmSync(out, { recursive: true });
console.log(`${files} examples of README.md compile`);
