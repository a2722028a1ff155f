import { createContext, useContext } from "react";

import type { BillingClient } from "../client.js";
import type { EntitlementsState } from "../types.js";

/** @internal */
export interface Billing {
  readonly client: BillingClient;
  readonly orgId: string;
  readonly state: EntitlementsState;
  /** Leads to a page of Stripe's. */
  readonly navigate: (url: string) => void;
}

/** @internal */
export const BillingContext = createContext<Billing | undefined>(undefined);

/** @internal */
export function useBilling(): Billing {
  const billing = useContext(BillingContext);
  if (!billing) throw new Error("A <BillingProvider> must be around this component");
  return billing;
}
