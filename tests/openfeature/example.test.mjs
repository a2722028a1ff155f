// The example in docs/API.md runs as it stands there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { beginAnew } from "../browser/stack.mjs";

const { baseUrl } = JSON.parse(readFileSync(process.env.DESCRIPTOR, "utf8"));

test("the documents' example tells what decides a flag", async () => {
  await beginAnew();
  const page = readFileSync("../../docs/API.md", "utf8");
  const [, example] = page.match(/```js\n(import { OFREPProvider }[^`]*)```/);
  const input = example.replace("http://127.0.0.1:4242", baseUrl);
  const options = { input, encoding: "utf8" };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], options);
  assert.equal(stdout, "false { source: 'plan', plan: 'pilot' }\n", stderr);
});
