"use client";
import { useActionState } from "react";

import { keepVersions } from "./actions";

export function Keep({ orgId }: { orgId: string }) {
  const [problem, action, pending] = useActionState(() => keepVersions(orgId), "");
  return (
    <form action={action} className="gate">
      <p role="alert" className="problem">
        {problem}
      </p>
      <button disabled={pending}>{pending ? "Keeping…" : "Keep a version"}</button>
    </form>
  );
}
