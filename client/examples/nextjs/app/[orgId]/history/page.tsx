import { billing } from "../../../lib/billing";
import { asVisitor } from "../../../lib/database";
import { Offer } from "../export-button";
import { Keep } from "./keep";

export const metadata = { title: "History" };

/** The server decides. The policy on the table would give no rows either. */
export default async function Page({ params }: PageProps<"/[orgId]/history">) {
  const { orgId } = await params;
  const { status } = await billing.checkEntitlement(orgId, "hasCloudHistory");
  return (
    <>
      <div className="title">
        <h1>History</h1>
        {status === "on" && <Keep orgId={orgId} />}
      </div>
      {status === "on" && <Versions orgId={orgId} />}
      {status === "off" && (
        <section className="card empty">
          <h2>Go back to every version</h2>
          <Offer what="The history of your documents" plan="Pro" />
        </section>
      )}
      {status === "outage" && (
        <section className="card empty">
          <h2>Your history is not lost</h2>
          <p className="muted">It cannot be shown at the moment, because your plan cannot be checked.</p>
          <a href={`/${orgId}/history`} className="button quiet">
            Check again
          </a>
        </section>
      )}
      {status === "refused" && (
        <p className="muted">You are not a member of this organization, or not signed in.</p>
      )}
    </>
  );
}

async function Versions({ orgId }: { orgId: string }) {
  const versions = await asVisitor<{ id: string; title: string; kept: string }>(
    (sql) => sql`select id, title, to_char(kept_at, 'FMMonth FMDD, YYYY, HH24:MI') as kept
                   from versions where org_id = ${orgId} order by id desc limit 50`,
  );
  if (versions.length === 0)
    return (
      <section className="card empty">
        <h2>No version yet</h2>
        <p className="muted">Keep one, and you can always come back to it.</p>
      </section>
    );
  return (
    <ul className="card rows" role="list">
      {versions.map(({ id, title, kept }) => (
        <li key={id}>
          <h2>{title}</h2>
          <p className="muted">{kept} UTC</p>
        </li>
      ))}
    </ul>
  );
}
