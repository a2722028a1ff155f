"use client";

/** Something of ours does not answer: the sign-in or the database. */
export default function Failure({ reset }: { reset: () => void }) {
  return (
    <main className="narrow">
      <h1>This page cannot be shown at the moment</h1>
      <p className="muted">It is our fault, and nothing is lost.</p>
      <button onClick={reset}>Try again</button>
    </main>
  );
}
