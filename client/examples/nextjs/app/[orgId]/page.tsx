import { asVisitor, organization } from "../../lib/database";
import { Export } from "./export-button";

export default async function Page({ params }: PageProps<"/[orgId]">) {
  const { id: orgId } = await organization((await params).orgId);
  const documents = await asVisitor<{ id: string; title: string; changed: string }>(
    (sql) => sql`select id, title, to_char(changed_on, 'FMMonth FMDD, YYYY') as changed
                   from documents where org_id = ${orgId} order by changed_on desc`,
  );
  return (
    <>
      <div className="title">
        <h1>Documents</h1>
        <Export />
      </div>
      <ul className="card rows" role="list">
        {documents.map(({ id, title, changed }) => (
          <li key={id}>
            <h2>{title}</h2>
            <p className="muted">Changed on {changed}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
