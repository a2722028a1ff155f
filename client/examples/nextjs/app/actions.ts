"use server";
import { isAuthRetryableFetchError } from "@supabase/supabase-js";
import { redirect } from "next/navigation";

import { supabase } from "../lib/supabase";

/** Signs in, or says why not. */
export async function signIn(_: string, form: FormData): Promise<string> {
  const { error } = await (
    await supabase()
  ).auth.signInWithPassword({
    email: String(form.get("email")),
    password: String(form.get("password")),
  });
  if (isAuthRetryableFetchError(error)) return "Nobody can sign in at the moment. Please try again.";
  if (error) return "There is no account with this address and password.";
  redirect("/");
}

export async function signOut(): Promise<void> {
  await (await supabase()).auth.signOut({ scope: "local" });
  redirect("/sign-in");
}
