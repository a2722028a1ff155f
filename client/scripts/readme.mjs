// Compiles the examples of README.md and docs/: a block that names a file becomes that file. Those of
// README.md under one heading belong together, and so do those of a page of docs/.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const client = join(dirname(fileURLToPath(import.meta.url)), "..");
// Inside of the package, so that its name leads to its own `exports`, as for one who installed it.
const out = join(client, "readme-examples");
rmSync(out, { recursive: true, force: true });

const read = (path) => readFileSync(join(client, path), "utf8");
const groups = [
  ...read("README.md")
    .split(/^## /m)
    .map((text, index) => [`readme-${index}`, text]),
  ...readdirSync(join(client, "docs")).map((name) => [
    basename(name, ".md").toLowerCase(),
    read(`docs/${name}`),
  ]),
];
let files = 0;
for (const [group, text] of groups) {
  for (const [, language, file, code] of text.matchAll(/^```(\S+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)) {
    if (!["ts", "tsx"].includes(language)) continue;
    if (!file) throw new Error(`An example names no file:\n${code}`);
    const path = join(out, group, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code.includes("export ") ? code : `${code}\nexport {};\n`);
    files++;
  }
}
if (files === 0) throw new Error("There are no examples");

const options = { extends: "../tsconfig.json", include: [".", "../scripts/next.d.ts"] };
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
console.log(`${files} examples of README.md and docs/ compile`);
