"use client";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";

const pages = { Documents: "", History: "/history", Plans: "/plans", Billing: "/billing" };

export function Pages({ orgId }: { orgId: string }) {
  const path = usePathname();
  return (
    <nav aria-label="Pages">
      {Object.entries(pages).map(([name, under]) => (
        <Link
          key={name}
          href={`/${orgId}${under}`}
          aria-current={path === `/${orgId}${under}` ? "page" : undefined}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}

export function Switcher({ current, all }: { current: string; all: { id: string; name: string }[] }) {
  const router = useRouter();
  return (
    <select
      aria-label="Organization"
      value={current}
      onChange={({ target }) => router.push(`/${target.value}`)}
    >
      {all.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
