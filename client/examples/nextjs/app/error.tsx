"use client";
import { useRouter } from "next/navigation";
import { startTransition } from "react";

/** Something of ours does not answer: the sign-in or the database. */
export default function Failure({ reset }: { reset: () => void }) {
  const { refresh } = useRouter();
  const again = () =>
    startTransition(() => {
      refresh(); // the server's part, which failed
      reset();
    });
  return (
    <main className="narrow">
      <h1>This page cannot be shown at the moment</h1>
      <p className="muted">It is our fault, and nothing is lost.</p>
      <button onClick={again}>Try again</button>
    </main>
  );
}
