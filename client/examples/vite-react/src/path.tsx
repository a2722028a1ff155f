// As much of a router as four pages need.

import { useSyncExternalStore, type ReactElement } from "react";

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("popstate", listener);
  return () => window.removeEventListener("popstate", listener);
};

/** The path of the page. */
export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);

/** A link within the application. */
export function Link(props: { to: string; className?: string; children: string }): ReactElement {
  const { to, className, children } = props;
  const path = usePath();
  return (
    <a
      href={to}
      className={className}
      aria-current={path === to ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        history.pushState(null, "", to);
        window.dispatchEvent(new PopStateEvent("popstate"));
        document.documentElement.scrollTop = 0;
      }}
    >
      {children}
    </a>
  );
}
