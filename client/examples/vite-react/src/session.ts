// Stands in for an application's sign-in. With supabase-js it is `(await
// supabase.auth.getSession()).data.session?.access_token`.

/** The demo's people. */
export const people = {
  Owner: "owner@acme.example",
  Member: "member@acme.example",
  Outsider: "outsider@other.example",
};
export type Person = keyof typeof people;

const KEY = "promptforge-example-person";
let token: Promise<string | undefined> | undefined;

export const person = (): Person => (sessionStorage.getItem(KEY) as Person | null) ?? "Owner";

/** Signs somebody else in. Tell the billing client. */
export function signIn(who: Person): void {
  sessionStorage.setItem(KEY, who);
  token = undefined;
}

/** The access token of who is signed in. */
export function getToken({ forceRefresh }: { forceRefresh: boolean }): Promise<string | undefined> {
  if (forceRefresh) token = undefined;
  token ??= newToken(people[person()]);
  token.catch(() => (token = undefined));
  return token;
}

async function newToken(email: string): Promise<string | undefined> {
  const answer = await fetch("/auth/v1/token?grant_type=password", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "demo" }),
  });
  // An outage is no sign-out: to throw says that there is no token at the moment.
  if (answer.status >= 500) throw new Error(`Signing in answered ${answer.status}`);
  return answer.ok ? ((await answer.json()) as { access_token: string }).access_token : undefined;
}
