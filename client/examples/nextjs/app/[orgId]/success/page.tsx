import { organization } from "../../../lib/database";
import { Outcome } from "./outcome";

export const metadata = { title: "Thank you" };

/** Where Stripe leads back to. The address says for which organization something was bought. */
export default async function Page({ params }: PageProps<"/[orgId]/success">) {
  const { name } = await organization((await params).orgId);
  return <Outcome name={name} />;
}
