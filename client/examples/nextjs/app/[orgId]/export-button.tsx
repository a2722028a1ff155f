"use client";
import { Gate, useBillingClient, useEntitlements } from "@promptforge/billing/react";
import Link from "next/link";
import { useState } from "react";

/** Hides the button. export/route.ts protects what is behind it. */
export function Export() {
  return (
    <div className="gate">
      <Gate
        feature="canExportPDF"
        fallback={<Offer what="Export as PDF" plan="Pro" />}
        error={({ reason, retry }) =>
          reason === "outage" ? (
            <button className="quiet" onClick={retry}>
              Check again
            </button>
          ) : null
        }
      >
        <Download />
      </Gate>
    </div>
  );
}

function Download() {
  const { orgId } = useBillingClient();
  const [said, say] = useState("");
  const download = async () => {
    const answer = await fetch(`/${orgId}/export`, { method: "POST" }).catch(() => undefined);
    if (!answer?.ok) {
      const now = answer?.status === 403;
      return say(now ? "Your plan does not include this any more." : "It did not work. Please try again.");
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "documents.pdf";
    link.click();
    URL.revokeObjectURL(link.href);
    say("");
  };
  return (
    <>
      <p role="alert" className="problem">
        {said}
      </p>
      <button onClick={() => void download()}>Export as PDF</button>
    </>
  );
}

/** For what the plan lacks. Only who may buy is led to the plans. */
export function Offer({ what, plan }: { what: string; plan: string }) {
  const { entitlements } = useEntitlements();
  const { orgId } = useBillingClient();
  if (entitlements?.canManageBilling === false)
    return <p className="muted">{`${what} comes with ${plan}. Ask an owner or admin.`}</p>;
  return (
    <p className="muted">
      {`${what} comes with ${plan}. `}
      <Link href={`/${orgId}/plans`}>See the plans</Link>
    </p>
  );
}
