"use server";
import { revalidatePath } from "next/cache";

import { billing } from "../../../lib/billing";
import { asVisitor } from "../../../lib/database";

/** Keeps a version of each document, or says why not. The policy on the table holds as well. */
export async function keepVersions(orgId: string): Promise<string> {
  const { status } = await billing.checkEntitlement(orgId, "hasCloudHistory");
  if (status === "outage") return "Your plan cannot be checked at the moment. Please try again.";
  if (status !== "on") return "Your plan does not include the history any more.";
  await asVisitor(
    (sql) => sql`insert into versions (org_id, title)
                 select org_id, title from documents where org_id = ${orgId} order by changed_on`,
  );
  revalidatePath(`/${orgId}/history`);
  return "";
}
