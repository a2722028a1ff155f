import { createBillingClient, type BillingClient, type BillingClientOptions } from "../../src/index.js";
import { FakeApi, ORG, tokenOf } from "./fakeApi.js";

export interface Setup {
  readonly api: FakeApi;
  readonly client: BillingClient;
  /** Signs somebody in, or out. */
  signIn(token: string | null): void;
  /** What `getToken` was asked. */
  readonly asked: { readonly forceRefresh: boolean }[];
}

/** A client of a fake API in which ada's organization has nothing but the pilot. */
export function setUp(options: Partial<BillingClientOptions> = {}): Setup {
  const api = new FakeApi();
  api.plans.set(ORG, "pilot");
  const asked: { readonly forceRefresh: boolean }[] = [];
  let token: string | null = tokenOf("ada");
  const getToken: BillingClientOptions["getToken"] = (how) => {
    asked.push(how);
    return token;
  };
  const client = createBillingClient({ baseUrl: "http://api.test/", getToken, fetch: api.fetch, ...options });
  return { api, client, asked, signIn: (next) => (token = next) };
}
