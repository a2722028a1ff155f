import { redirect } from "next/navigation";

import { organizations } from "../lib/database";
import { signOut } from "./actions";

/** Leads to the visitor's first organization. */
export default async function Page() {
  const [first] = await organizations();
  if (first) redirect(`/${first.id}`);
  return (
    <main className="narrow">
      <h1>You are in no organization yet</h1>
      <p className="muted">Ask the person who invited you to add you.</p>
      <form action={signOut}>
        <button className="quiet">Sign out</button>
      </form>
    </main>
  );
}
