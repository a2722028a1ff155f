// The application's own tables. A visitor's query runs as the visitor, so the policies of db/schema.sql hold.

import { notFound, redirect } from "next/navigation";
import postgres from "postgres";
import { cache } from "react";

import { person } from "./supabase";

const database = postgres(process.env.DATABASE_URL!, { max: 5, idle_timeout: 20 });

/** Runs a query with the visitor's rights and claims, as PostgREST would. Nobody there: to the sign-in. */
export async function asVisitor<Row extends object>(
  query: (sql: postgres.TransactionSql) => postgres.PendingQuery<Row[]>,
): Promise<Row[]> {
  const claims = await person();
  if (!claims) redirect("/sign-in");
  return database.begin(async (sql) => {
    await sql`select set_config('role', 'authenticated', true),
                     set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    return [...(await query(sql))];
  }) as Promise<Row[]>;
}

/** With the application's own rights: for what no visitor asks for. */
export const asItself = database;

/** The visitor's organizations. */
export const organizations = cache(() =>
  asVisitor<{ id: string; name: string }>((sql) => sql`select id, name from organizations order by name`),
);

/** One of them; for everybody else there is no such page. */
export async function organization(id: string) {
  return (await organizations()).find((each) => each.id === id) ?? notFound();
}
