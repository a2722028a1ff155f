import Link from "next/link";

export default function NotFound() {
  return (
    <main className="narrow">
      <h1>There is nothing here</h1>
      <p className="muted">The address is wrong, or the organization is not one of yours.</p>
      <Link href="/" className="button">
        Go to your organization
      </Link>
    </main>
  );
}
