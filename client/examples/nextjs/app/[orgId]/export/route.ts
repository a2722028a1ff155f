import { billing } from "../../../lib/billing";
import { asVisitor } from "../../../lib/database";
import { pdf } from "../../../lib/pdf";

export async function POST(_: Request, { params }: RouteContext<"/[orgId]/export">): Promise<Response> {
  const { orgId } = await params;
  // 403 if the plan lacks it, the API's own 401 or 403, or 503 in an outage.
  const refused = await billing.requireEntitlement(orgId, "canExportPDF");
  if (refused) return refused;
  const documents = await asVisitor<{ title: string }>(
    (sql) => sql`select title from documents where org_id = ${orgId} order by title`,
  );
  return new Response(pdf(documents.map(({ title }) => title)), {
    headers: { "content-type": "application/pdf", "cache-control": "private, no-store" },
  });
}
