import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(() => cleanup());

// jsdom has no CSS.escape, which user-event needs to walk from one radio button to the next.
Object.assign(window, { CSS: { escape: (name: string) => name } });
