// What the visitor's organization may do.

import { createNextBilling } from "@promptforge/billing/next";
import { cookies } from "next/headers";
import { cache } from "react";

import { supabaseOf } from "./supabase";

export const billing = createNextBilling({
  baseUrl: process.env.BILLING_URL!,
  cookies,
  supabase: supabaseOf,
});

/** Asked once for a page, however many components ask. Undefined: there is no answer at the moment. */
export const entitlementsOf = cache((orgId: string) =>
  billing.getEntitlements(orgId).catch(() => undefined),
);
