// Billing says that an organization's access changed: its API key works as long as the plan has the API.

import type { Entitlements } from "@promptforge/billing";
import { Webhook } from "standardwebhooks";

import { asItself } from "../../../lib/database";

type Message = { type: string; data: Pick<Entitlements, "orgId" | "entitlements"> & { version: number } };

export async function POST(request: Request): Promise<Response> {
  const { type, data } = (await verified(request)) ?? {};
  if (!type || !data) return new Response(null, { status: 401 });
  if (type === "entitlements.changed")
    // A message may come twice, and an older one after a newer one: one statement keeps the newest.
    await asItself`
      update api_keys set active = ${data.entitlements.hasAPI}, told_version = ${data.version}
      where org_id = ${data.orgId} and told_version < ${data.version}`;
  return new Response(null, { status: 204 });
}

/** The message, if billing signed it in the last five minutes. */
async function verified(request: Request): Promise<Message | undefined> {
  const secret = process.env.NOTIFY_SECRET;
  if (!secret) return undefined;
  try {
    const headers = Object.fromEntries(request.headers);
    return new Webhook(secret).verify(await request.text(), headers) as Message;
  } catch {
    return undefined;
  }
}
