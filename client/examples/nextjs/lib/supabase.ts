// Who is signed in.

import type { CookieMethods } from "@promptforge/billing/next";
import { createServerClient } from "@supabase/ssr";
import { cookies } from "next/headers";
import { cache } from "react";

/** Supabase, with the session that these cookies hold. */
export const supabaseOf = (cookies: CookieMethods) =>
  createServerClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_KEY!, {
    cookies,
  });

/** Supabase, with the session of the visitor. */
export async function supabase() {
  const jar = await cookies();
  return supabaseOf({
    getAll: () => jar.getAll(),
    setAll: (written) => {
      try {
        for (const { name, value, options } of written) jar.set(name, value, options);
      } catch {
        // In a page, where no cookie can be set. proxy.ts has done it.
      }
    },
  });
}

/** Whether Supabase could not say. That is no sign-out. */
export const isOutage = (error: { status?: number | undefined } | null) =>
  error !== null && (!error.status || error.status === 429 || error.status >= 500);

/** What the visitor's access token says, once its signature is checked. Null: nobody is signed in. */
export const person = cache(async () => {
  const { data, error } = await (await supabase()).auth.getClaims();
  if (isOutage(error)) throw error;
  return data?.claims ?? null;
});
