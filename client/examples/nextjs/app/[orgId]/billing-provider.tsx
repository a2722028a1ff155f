"use client";
import { createBillingClient, type Entitlements } from "@promptforge/billing";
import { BillingBanner, BillingProvider } from "@promptforge/billing/react";
import { createBrowserClient } from "@supabase/ssr";
import { isAuthRetryableFetchError } from "@supabase/supabase-js";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, type ReactNode } from "react";

const supabase = createBrowserClient(
  process.env.NEXT_PUBLIC_SUPABASE_URL!,
  process.env.NEXT_PUBLIC_SUPABASE_KEY!,
);
const client = createBillingClient({
  baseUrl: "", // the rewrites of next.config.ts
  getToken: async ({ forceRefresh }) => {
    const { data, error } = await (forceRefresh
      ? supabase.auth.refreshSession()
      : supabase.auth.getSession());
    if (isAuthRetryableFetchError(error)) throw error; // an outage is no sign-out
    return data.session?.access_token;
  },
});

export function Billing(props: {
  orgId: string;
  initialEntitlements: Entitlements | undefined;
  children: ReactNode;
}) {
  // What is known belongs to the person who is signed in.
  useEffect(() => {
    let person: string | null | undefined; // undefined: not known yet
    const { data } = supabase.auth.onAuthStateChange((_event, session) => {
      const now = session?.user.id ?? null;
      if (person !== undefined && now !== person) client.clear();
      person = now;
    });
    return () => data.subscription.unsubscribe();
  }, []);

  const saysItself = usePathname().endsWith("/plans"); // the table of plans, that nobody knows the plan
  const { refresh } = useRouter();
  return (
    // A change in the database shows at once, also in what the server renders.
    <BillingProvider client={client} realtime={supabase} onChange={refresh} {...props}>
      <main>
        <BillingBanner returnUrl="" hide={saysItself ? ["outage", "refused"] : []} />
        {props.children}
      </main>
    </BillingProvider>
  );
}
