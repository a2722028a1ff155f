// An application with Next.js, built and started beside the stack: the example, set up as its README says, or
// what client/docs/NEXTJS.md says that a new one has.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { relay } from "./relay.mjs";

const { DESCRIPTOR, NEXT_PORT, PROGRAMS } = process.env;
/** What billing would sign notifications with. */
export const NOTIFY_SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const client = new URL("../../client/", import.meta.url).pathname;
const folder = new URL("../../.local/nextjs", import.meta.url).pathname;
const url = `http://127.0.0.1:${NEXT_PORT}`;

const run = (program, args, options) =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });

/** Where what runs beside the stack finds it, each behind a relay. */
async function beside({ baseUrl, databaseUrl, supabaseUrl }) {
  const [api, auth] = await Promise.all([relay(baseUrl), relay(supabaseUrl)]);
  // The environment goes before the file that `npm run setup` writes.
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: "1",
    BILLING_URL: api.url,
    NEXT_PUBLIC_SUPABASE_URL: auth.url,
    NEXT_PUBLIC_SUPABASE_KEY: "local",
    DATABASE_URL: databaseUrl,
    NOTIFY_SECRET,
    SITE_URL: url,
  };
  return { api, auth, env };
}

/** The example's folder, installed as a clone has it. */
function install(env) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const cwd = run(`${client}examples/copy`, ["nextjs", folder]).trim();
  run("npm", ["ci", "--silent", "--no-audit", "--no-fund", "--prefer-offline"], { cwd, env });
  return cwd;
}

/** Builds and starts it. `restart` makes it forget what it remembers. */
async function serve(cwd, { api, auth, env }) {
  run("npm", ["run", "--silent", "build"], { cwd, env });
  let server;
  const begin = async () => {
    const next = `${cwd}/node_modules/next/dist/bin/next`;
    server = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", NEXT_PORT], {
      cwd, env, stdio: ["ignore", "ignore", "inherit"],
    });
    for (let tries = 0; ; tries++) {
      if (await fetch(`${url}/sign-in`).then(({ ok }) => ok, () => false)) break;
      if (tries === 200 || server.exitCode !== null) throw new Error("the application does not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const end = async () => {
    server.kill();
    await once(server, "exit");
  };
  await begin();
  const restart = async () => {
    await end();
    await begin();
  };
  const stop = async () => {
    await end();
    api.close();
    auth.close();
  };
  return { url, api, auth, restart, stop };
}

/** The files of client/docs/NEXTJS.md, in an application that has nothing else. */
export async function startDocumented(descriptor) {
  const place = await beside(descriptor);
  const cwd = install(place.env);
  for (const old of ["app", "lib", "db", "proxy.ts", "next.config.ts"])
    rmSync(`${cwd}/${old}`, { recursive: true });
  const write = (file, text) => {
    mkdirSync(dirname(`${cwd}/${file}`), { recursive: true });
    writeFileSync(`${cwd}/${file}`, text);
  };
  write("app/layout.tsx", `export default function Layout({ children }: { children: React.ReactNode }) {
    return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;
  }`);
  const page = readFileSync(`${client}docs/NEXTJS.md`, "utf8");
  const alternatives = ["guarded-proxy.ts", "lib/other.ts"];
  for (const [, file, text] of page.matchAll(/^```tsx? file=(\S+)\n([\s\S]*?)^```$/gm))
    if (!alternatives.includes(file)) write(file, text);
  return serve(cwd, place);
}

/** The example: its address, its database, and what stands before the API and the sign-in. */
export async function start(descriptor) {
  const place = await beside(descriptor);
  const cwd = install(place.env);
  run("npm", ["run", "--silent", "setup", "--", DESCRIPTOR], { cwd });
  const tables = ["--organizations", "public.organizations", "--members", "public.members"];
  run(`${PROGRAMS}/billing`, ["adopt", ...tables, "--yes"], { env: place.env });
  const served = await serve(cwd, place);
  const require = createRequire(`${cwd}/package.json`);
  const sql = require("postgres")(descriptor.databaseUrl, { max: 1 });
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
  const stop = () => Promise.all([served.stop(), sql.end()]);
  return { ...served, sql, notify, stop };
}
