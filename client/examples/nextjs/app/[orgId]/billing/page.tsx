import { asVisitor, organization } from "../../../lib/database";
import { Settings } from "./settings";

export const metadata = { title: "Billing" };

export default async function Page({ params }: PageProps<"/[orgId]/billing">) {
  const { id, name } = await organization((await params).orgId);
  const [key] = await asVisitor<{ active: boolean }>(
    (sql) => sql`select active from api_keys where org_id = ${id}`,
  );
  return (
    <>
      <div className="title lead">
        <h1>Billing</h1>
        <p className="muted">What {name} pays for.</p>
      </div>
      <Settings />
      {key && (
        <p className="muted under">
          Your API key is {key.active ? "on" : "off, because your plan has no API"}.
        </p>
      )}
    </>
  );
}
