import { Gate, type GateProblem } from "@promptforge/billing/react";
import type { ReactElement, ReactNode } from "react";

import { Link } from "./path";

const documents = [
  { name: "Support assistant", changed: "November 20, 2026" },
  { name: "Release notes writer", changed: "November 18, 2026" },
  { name: "Interview summarizer", changed: "November 2, 2026" },
];

export function Documents(): ReactElement {
  return (
    <>
      <div className="title">
        <h1>Documents</h1>
      </div>
      <ul className="card rows" role="list">
        {documents.map(({ name, changed }) => (
          <li key={name}>
            <h2>{name}</h2>
            <p className="muted">Changed on {changed}</p>
          </li>
        ))}
      </ul>
      <section className="card tools" aria-label="Tools">
        <Tool title="Export" what="All documents as one PDF.">
          <Gate feature="canExportPDF" loading={<Waiting />} error={Problem} fallback={<Offer plan="Pro" />}>
            <button type="button">Export as PDF</button>
          </Gate>
        </Tool>
        <Tool title="History" what="Every version of every document.">
          <Gate
            feature="hasCloudHistory"
            loading={<Waiting />}
            error={Problem}
            fallback={<Offer plan="Pro" />}
          >
            <button type="button">Open the history</button>
          </Gate>
        </Tool>
        <Tool title="API" what="Documents from your own programs.">
          <Gate feature="hasAPI" loading={<Waiting />} error={Problem} fallback={<Offer plan="Enterprise" />}>
            <button type="button">Create a key</button>
          </Gate>
        </Tool>
      </section>
    </>
  );
}

function Tool({ title, what, children }: { title: string; what: string; children: ReactNode }): ReactElement {
  return (
    <div className="tool">
      <div>
        <h2>{title}</h2>
        <p className="muted">{what}</p>
      </div>
      <div className="gate">{children}</div>
    </div>
  );
}

/** The plan lacks it. */
const Offer = ({ plan }: { plan: string }): ReactElement => (
  <p>
    <span className="muted">Comes with {plan}.</span> <Link to="/plans">See the plans</Link>
  </p>
);

/** Nobody knows, so nothing is offered. The banner says why. */
const Problem = ({ reason, retry }: GateProblem): ReactElement =>
  reason === "outage" ? (
    <button type="button" className="quiet" onClick={retry}>
      Check again
    </button>
  ) : (
    <p className="muted">Not available to you.</p>
  );

const Waiting = (): ReactElement => <p className="muted">Checking…</p>;
