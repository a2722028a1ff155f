// OpenFeature's SDKs as an application has them: one of a server, one of a page.

import { readFileSync } from "node:fs";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature as Server } from "@openfeature/server-sdk";
import { OpenFeature as Page } from "@openfeature/web-sdk";

const { baseUrl, orgId, users } = JSON.parse(readFileSync(process.env.DESCRIPTOR, "utf8"));

const headers = (user) => [["authorization", `Bearer ${users[user].accessToken}`]];

/** A server that asks with the token of a user: what it is told of a flag. */
export async function server(user) {
  const domain = `server-${user}`;
  await Server.setProviderAndWait(domain, new OFREPProvider({ baseUrl, headers: headers(user) }));
  const client = Server.getClient(domain);
  return (key, context = { targetingKey: orgId }, otherwise = false) =>
    client.getBooleanDetails(key, otherwise, context);
}

/** A page of a user, which asks again every so many milliseconds; `statuses` are the answers it has got. */
export async function page(user, context = { targetingKey: orgId }) {
  const domain = `page-${user}-${context.targetingKey}`;
  const statuses = [];
  const fetchImplementation = async (request) => {
    const reply = await fetch(request);
    statuses.push(reply.status);
    return reply;
  };
  const options = { baseUrl, headers: headers(user), pollInterval: 100, cacheMode: "disabled" };
  await Page.setContext(domain, context);
  await Page.setProviderAndWait(domain, new OFREPWebProvider({ ...options, fetchImplementation }));
  const client = Page.getClient(domain);
  const tell = (key, otherwise = false) => client.getBooleanDetails(key, otherwise);
  return { tell, client, statuses };
}

export async function close() {
  await Promise.all([Server.close(), Page.close()]);
}
