import { PricingTable } from "@promptforge/billing/react";

import { billing } from "../../../lib/billing";

export const metadata = { title: "Plans" };

export default async function Page({ params }: PageProps<"/[orgId]/plans">) {
  const { orgId } = await params;
  const plans = await billing.getPlans().catch(() => undefined); // the browser asks again
  return (
    <>
      <div className="title lead">
        <h1>Plans</h1>
        <p className="muted">Change or cancel at any time. Prices are without tax.</p>
      </div>
      <PricingTable
        plans={plans}
        headingLevel={2}
        recommended="pro"
        successUrl={`/${orgId}/success`}
        cancelUrl=""
        returnUrl=""
      />
    </>
  );
}
