import { BillingError, type BillingClient } from "@promptforge/billing";
import {
  BillingProvider,
  Gate,
  PricingTable,
  useBillingClient,
  type PricingChoice,
} from "@promptforge/billing/react";
import { useState, type ReactElement } from "react";

import { plans } from "./plans";

export function App({ client, orgId }: { client: BillingClient; orgId: string }): ReactElement {
  return (
    <BillingProvider client={client} orgId={orgId}>
      <main>
        <h1>PromptForge</h1>
        <Gate
          feature="canExportPDF"
          loading={<p>Loading…</p>}
          fallback={<p>Export as PDF comes with Pro.</p>}
        >
          <p>
            <button type="button">Export as PDF</button>
          </p>
        </Gate>
        <Prices />
      </main>
    </BillingProvider>
  );
}

function Prices(): ReactElement {
  const { client, orgId } = useBillingClient();
  const [pending, setPending] = useState<PricingChoice["planCode"] | null>(null);
  const [problem, setProblem] = useState("");

  const select = async (choice: PricingChoice): Promise<void> => {
    setPending(choice.planCode);
    try {
      const page = await client.startCheckout({ orgId, ...choice }).catch((error: unknown) => {
        // Who pays already changes the plan in the portal.
        if (error instanceof BillingError && error.code === "already_subscribed")
          return client.openPortal({ orgId });
        throw error;
      });
      location.assign(page.url);
    } catch (error) {
      setProblem(error instanceof BillingError ? error.message : "Something went wrong.");
      setPending(null);
    }
  };

  return (
    <>
      <PricingTable headingLevel={2} plans={plans} pending={pending} onSelect={select} />
      <p role="alert">{problem}</p>
    </>
  );
}
