// The examples in docs/API.md run as they stand there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { beginAnew, bought } from "../browser/stack.mjs";

const { baseUrl, orgId, users } = JSON.parse(readFileSync(process.env.DESCRIPTOR, "utf8"));

/** What a program prints that begins with the example of this import. */
function printed(imported, rest = "") {
  const page = readFileSync("../../docs/API.md", "utf8");
  const examples = page.match(/(?<=```js\n)[^]*?(?=\n```)/g);
  const example = examples.find((code) => code.startsWith(`import { ${imported} }`));
  const input = `${example.replace("http://127.0.0.1:4242", baseUrl)}\n${rest}`;
  const options = { input, encoding: "utf8" };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], options);
  assert.notEqual(stdout, "", stderr);
  return stdout;
}

test("the documents' example tells what decides a flag", async () => {
  await beginAnew();
  assert.equal(printed("OFREPProvider"), "false { source: 'plan', plan: 'pilot' }\n");
});

test("the documents' page is told nothing of the organization that it showed before", async () => {
  await beginAnew();
  await bought("pro");
  const rest = `
    const baseUrl = "${baseUrl}", accessToken = () => "${users.owner.accessToken}";
    const tell = () => console.log(OpenFeature.getClient().getBooleanValue("canExportPDF", false));
    await begin("${orgId}");
    tell();
    await begin("00000000-0000-4000-8000-00000000000f").catch(({ code }) => console.log(code));
    tell();
    process.exit();`;
  assert.equal(printed("OFREPWebProvider", rest), "true\nPROVIDER_FATAL\nfalse\n");
});
