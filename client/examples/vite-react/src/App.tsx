import type { BillingClient } from "@promptforge/billing";
import { BillingBanner, BillingProvider, PricingTable } from "@promptforge/billing/react";
import { useState, type ReactElement } from "react";

import { Billing } from "./Billing";
import { Documents } from "./Documents";
import icon from "./icon.svg";
import { Link, usePath } from "./path";
import { plans } from "./plans";
import { people, person, signIn, type Person } from "./session";
import { Success } from "./Success";

export function App({ client, orgId }: { client: BillingClient; orgId: string }): ReactElement {
  const path = usePath();
  return (
    <BillingProvider client={client} orgId={orgId}>
      <Header client={client} />
      <main>
        {/* The table of plans says itself that nobody knows what the organization has. */}
        <BillingBanner returnUrl="" hide={path === "/plans" ? ["outage", "refused"] : []} />
        <Page path={path} />
      </main>
    </BillingProvider>
  );
}

function Page({ path }: { path: string }): ReactElement {
  switch (path) {
    case "/plans":
      return (
        <>
          <div className="title lead">
            <h1>Plans</h1>
            <p className="muted">Change or cancel at any time. Prices are without tax.</p>
          </div>
          <PricingTable plans={plans} headingLevel={2} recommended="pro" />
        </>
      );
    case "/billing":
      return <Billing />;
    case "/billing/success":
      return <Success />;
    default:
      return <Documents />;
  }
}

function Header({ client }: { client: BillingClient }): ReactElement {
  const [who, setWho] = useState<Person>(person);
  return (
    <header>
      <div className="bar">
        <p className="brand">
          <img src={icon} alt="" width="28" height="28" />
          <span>PromptForge</span>
        </p>
        <label className="who">
          <span>Acme Studio, seen by</span>
          <select
            value={who}
            onChange={({ target }) => {
              const next = target.value as Person;
              signIn(next);
              client.clear(); // what is known belongs to the last person
              setWho(next);
            }}
          >
            {Object.keys(people).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <nav aria-label="Pages">
        <Link to="/">Documents</Link>
        <Link to="/plans">Plans</Link>
        <Link to="/billing">Billing</Link>
      </nav>
    </header>
  );
}
