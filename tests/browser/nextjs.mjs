// The example with Next.js, set up as its README says, built and started beside the stack.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { rmSync } from "node:fs";

const { DESCRIPTOR, NEXT_PORT, PROGRAMS } = process.env;
/** What billing would sign notifications with. */
export const NOTIFY_SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const client = new URL("../../client/", import.meta.url).pathname;
const folder = new URL("../../.local/nextjs", import.meta.url).pathname;

/** Stands between the application and the API, so that the API can be gone. */
async function relay(to) {
  const state = { down: false, url: "" };
  const server = createServer((incoming, answer) => {
    if (state.down) return answer.writeHead(503, { "content-type": "application/json" }).end("{}");
    const { method, url } = incoming;
    const { host: _, ...headers } = incoming.headers; // the API's own, instead
    const forwarded = request(new URL(url, to), { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  state.url = `http://127.0.0.1:${server.address().port}`;
  state.close = () => server.close().closeAllConnections();
  return state;
}

/** The application: its address, its database, and `api.down`. */
export async function start({ baseUrl, databaseUrl }) {
  const api = await relay(baseUrl);
  rmSync(folder, { recursive: true, force: true });
  const run = (program, args, options) =>
    execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });
  run("mkdir", ["-p", folder]);
  const cwd = run(`${client}examples/copy`, ["nextjs", folder]).trim();
  // The environment goes before the file that `npm run setup` writes.
  const telemetry = { NEXT_TELEMETRY_DISABLED: "1" };
  const variables = { BILLING_URL: api.url, DATABASE_URL: databaseUrl, NOTIFY_SECRET };
  const env = { ...process.env, ...telemetry, ...variables };
  run("npm", ["ci", "--silent", "--no-audit", "--no-fund", "--prefer-offline"], { cwd });
  run("npm", ["run", "--silent", "setup", "--", DESCRIPTOR], { cwd });
  const tables = ["--organizations", "public.organizations", "--members", "public.members"];
  run(`${PROGRAMS}/billing`, ["adopt", ...tables, "--yes"], { env });
  run("npm", ["run", "--silent", "build"], { cwd, env });

  const next = `${cwd}/node_modules/next/dist/bin/next`;
  const server = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", NEXT_PORT], {
    cwd, env, stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${NEXT_PORT}`;
  for (let tries = 0; ; tries++) {
    if (await fetch(`${url}/sign-in`).then(({ ok }) => ok, () => false)) break;
    if (tries === 200 || server.exitCode !== null) throw new Error("the example does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const require = createRequire(`${cwd}/package.json`);
  const sql = require("postgres")(databaseUrl, { max: 1 });
  const { Webhook } = require("standardwebhooks");
  /** Tells the application of a change, as the function `notify` does. Answers the status. */
  const notify = async (data, secret = NOTIFY_SECRET) => {
    const [id, now] = [crypto.randomUUID(), new Date()];
    const body = JSON.stringify({ type: "entitlements.changed", timestamp: now.toISOString(), data });
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, now, body),
    };
    const answer = await fetch(`${url}/api/billing-notifications`, { method: "POST", headers, body });
    return answer.status;
  };
  const stop = async () => {
    server.kill();
    await Promise.all([once(server, "exit"), sql.end()]);
    api.close();
  };
  return { url, api, sql, notify, stop };
}
