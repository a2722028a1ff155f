// What docs/REACT.md says of the stylesheet is so.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const css = read("src/react/pricing.css");
const page = read("docs/REACT.md").split("## Looks")[1] ?? "";
const rows = [...page.matchAll(/^\| `(--pf-[\w-]+)` \| .* \| (?:`(.*)`|.*) \| (?:`(.*)`)? ?\|$/gm)];

it("has the documented properties and no other", () => {
  const used = new Set([...css.matchAll(/var\((--pf-[\w-]+)/g)].map(([, name]) => name));
  expect(rows.map(([, name]) => name).sort()).toEqual([...used].sort());
});

it("has the documented colors", () => {
  const colors = rows.filter(([, , , dark]) => dark);
  expect(colors).toHaveLength(9);
  for (const [, name, light, dark] of colors) {
    expect(css).toContain(`var(${name}, light-dark(${light}, ${dark}))`);
  }
});

it("sets none of them itself, which would win over the page's", () => {
  expect(css).not.toMatch(/--pf-[\w-]+:/);
});

it("follows color-scheme and asks for nothing from elsewhere", () => {
  expect(css).not.toContain("prefers-color-scheme");
  expect(css).not.toMatch(/url\(|@import/);
});

it("names the classes that the page lists", () => {
  const listed = [...page.matchAll(/`(?:(pf-[\w-]+)|(-[a-z]+))`/g)].map(
    ([, whole, end]) => whole ?? `pf-pricing${end}`,
  );
  const styled = new Set([...css.matchAll(/\.(pf-[\w-]+)/g)].map(([, name]) => name));
  expect([...new Set(listed)].sort()).toEqual([...styled].sort());
});
