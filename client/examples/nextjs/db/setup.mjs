// Points the application at a running `cargo dev`, and puts its tables and the demo's rows into its database.

import { readFileSync, writeFileSync } from "node:fs";
import postgres from "postgres";

const read = (path) => readFileSync(path, "utf8");
const near = (path) => new URL(path, import.meta.url);

const stack = JSON.parse(read(process.argv[2] ?? near("../../../../.local/dev.json")));
writeFileSync(
  near("../.env.local"),
  `BILLING_URL=${stack.baseUrl}
NEXT_PUBLIC_SUPABASE_URL=${stack.supabaseUrl}
NEXT_PUBLIC_SUPABASE_KEY=local
DATABASE_URL=${stack.databaseUrl}
NOTIFY_SECRET=${process.env.NOTIFY_SECRET ?? ""}
`,
  { mode: 0o600 },
);

const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
for (const file of ["schema.sql", "demo.sql"]) await sql.unsafe(read(near(file))).simple();
await sql.end();
console.log("The application's tables are there, and .env.local says where.");
