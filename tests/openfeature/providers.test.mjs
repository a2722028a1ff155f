// What OpenFeature's providers make of our answers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ProviderEvents } from "@openfeature/web-sdk";
import { beginAnew, bought, until } from "../browser/stack.mjs";
import { close, page, server } from "./readers.mjs";

before(beginAnew);
after(close);

const brief = ({ value, variant, reason, errorCode, flagMetadata }) => ({
  value, variant, reason, errorCode, metadata: { ...flagMetadata },
});
const told = (value, reason, plan) => ({
  value, variant: value ? "on" : "off", reason, errorCode: undefined, metadata: { source: "plan", plan },
});
const notFound = (value) => ({
  value, variant: undefined, reason: "ERROR", errorCode: "FLAG_NOT_FOUND", metadata: {},
});

/** What both are told of a flag. */
async function both(ask, tell, key, otherwise) {
  const answers = [brief(await ask(key, undefined, otherwise)), brief(tell(key, otherwise))];
  assert.deepEqual(answers[0], answers[1], "a server and a page are told the same");
  return answers[0];
}

test("a server and a page are told what the organization has, and what it bought once it has", async () => {
  const ask = await server("owner");
  const { tell, client, statuses } = await page("owner");
  assert.deepEqual(await both(ask, tell, "canExportMD"), told(true, "DEFAULT", "pilot"));
  assert.deepEqual(await both(ask, tell, "canExportPDF"), told(false, "DEFAULT", "pilot"));
  for (const otherwise of [false, true])
    assert.deepEqual(await both(ask, tell, "hasWings", otherwise), notFound(otherwise));

  await until(() => setTimeout(50, statuses), ({ length }) => length > 2);
  assert.deepEqual([statuses[0], ...new Set(statuses.slice(1))], [200, 304], "nothing has changed");

  const changed = new Promise((resolve) => client.addHandler(ProviderEvents.ConfigurationChanged, resolve));
  await bought("pro");
  const { flagsChanged } = await changed;
  assert.ok(flagsChanged.includes("canExportPDF"), `${flagsChanged}`);
  assert.deepEqual(await both(ask, tell, "canExportPDF"), told(true, "TARGETING_MATCH", "pro"));
  assert.deepEqual(await both(ask, tell, "canExportMD"), told(true, "DEFAULT", "pro"));
  assert.deepEqual(await both(ask, tell, "hasAPI"), told(false, "DEFAULT", "pro"));
});

test("a server is told in OpenFeature's words what is wrong with its context", async () => {
  const ask = await server("owner");
  for (const [context, errorCode] of [
    [{}, "TARGETING_KEY_MISSING"],
    [{ targetingKey: "acme" }, "INVALID_CONTEXT"],
    [{ targetingKey: "0f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10", plan: "enterprise" }, "GENERAL"],
  ]) {
    const answer = await ask("canExportMD", context, false);
    assert.deepEqual([answer.value, answer.reason, answer.errorCode], [false, "ERROR", errorCode]);
  }
});

test("a stranger has what the caller falls back to, and a stranger's page does not begin", async () => {
  const ask = await server("outsider");
  assert.equal((await ask("canExportMD", undefined, false)).errorCode, "GENERAL");
  await assert.rejects(page("outsider"), { code: "PROVIDER_FATAL" });
});
