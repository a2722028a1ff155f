import { organization } from "../../../lib/database";
import { Settings } from "./settings";

export const metadata = { title: "Billing" };

export default async function Page({ params }: PageProps<"/[orgId]/billing">) {
  const { name } = await organization((await params).orgId);
  return (
    <>
      <div className="title lead">
        <h1>Billing</h1>
        <p className="muted">What {name} pays for.</p>
      </div>
      <Settings />
    </>
  );
}
