// Stands in for an application's sign-in. With supabase-js it is `(await
// supabase.auth.getSession()).data.session?.access_token`.

let token: string | undefined;

/** The access token of the demo's owner. */
export async function getToken({ forceRefresh }: { forceRefresh: boolean }): Promise<string | undefined> {
  if (!token || forceRefresh) {
    const answer = await fetch("/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "owner@acme.example", password: "demo" }),
    });
    token = answer.ok ? ((await answer.json()) as { access_token: string }).access_token : undefined;
  }
  return token;
}
