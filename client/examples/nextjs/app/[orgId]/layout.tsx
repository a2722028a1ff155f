import { entitlementsOf } from "../../lib/billing";
import { organization, organizations } from "../../lib/database";
import { person } from "../../lib/supabase";
import { signOut } from "../actions";
import { Brand } from "../brand";
import { Billing } from "./billing-provider";
import { Pages, Switcher } from "./navigation";

export default async function Layout({ params, children }: LayoutProps<"/[orgId]">) {
  const { id } = await organization((await params).orgId);
  const visitor = await person();
  return (
    <>
      <header>
        <div className="bar">
          <Brand />
          <Switcher current={id} all={await organizations()} />
          <form action={signOut} className="who">
            <span className="muted">{visitor?.email}</span>
            <button className="quiet small">Sign out</button>
          </form>
        </div>
        <Pages orgId={id} />
      </header>
      <Billing orgId={id} initialEntitlements={await entitlementsOf(id)}>
        {children}
      </Billing>
    </>
  );
}
