"use client";
import { useActionState } from "react";

import { signIn } from "../actions";
import { Brand } from "../brand";

export default function Page() {
  const [problem, action, pending] = useActionState(signIn, "");
  return (
    <main className="narrow">
      <Brand />
      <form action={action} className="card form">
        <h1>Sign in</h1>
        <label>
          Email
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button disabled={pending}>{pending ? "Signing in…" : "Sign in"}</button>
        <p role="alert" className="problem">
          {problem}
        </p>
      </form>
      {process.env.NEXT_PUBLIC_SUPABASE_KEY === "local" && (
        <p className="muted small">
          On the local stack any password will do for owner@acme.example, member@acme.example and
          outsider@other.example.
        </p>
      )}
    </main>
  );
}
