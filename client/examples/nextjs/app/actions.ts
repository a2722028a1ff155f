"use server";
import { redirect } from "next/navigation";

import { isOutage, supabase } from "../lib/supabase";

/** Signs in, or says why not. */
export async function signIn(_: string, form: FormData): Promise<string> {
  const { auth } = await supabase();
  const { error } = await auth.signInWithPassword({
    email: String(form.get("email")),
    password: String(form.get("password")),
  });
  if (isOutage(error)) return "Nobody can sign in at the moment. Please try again.";
  if (error) return "There is no account with this address and password.";
  redirect("/");
}

export async function signOut(): Promise<void> {
  const { auth } = await supabase();
  await auth.signOut({ scope: "local" });
  redirect("/sign-in");
}
