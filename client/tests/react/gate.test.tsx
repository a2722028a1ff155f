// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor } from "@testing-library/react";
import { StrictMode, type ReactElement, type ReactNode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";

import {
  BillingProvider,
  Gate,
  useBillingClient,
  useEntitlement,
  useEntitlements,
  type BillingProviderProps,
  type GateProblem,
} from "../../src/react/index.js";
import { setUp, type Setup } from "../support/clients.js";
import { answer, held, ORG, OTHER_ORG, tokenOf } from "../support/fakeApi.js";

afterEach(() => void vi.useRealTimers());

const gate = (
  <Gate feature="canExportPDF" fallback={<p>Upgrade</p>} loading={<p>Wait</p>}>
    <button>Export</button>
  </Gate>
);
const around = (
  client: Setup["client"],
  children: ReactNode,
  props: Partial<BillingProviderProps> = {},
): ReactElement => (
  <BillingProvider client={client} orgId={ORG} {...props}>
    {children}
  </BillingProvider>
);

describe("Gate", () => {
  it("shows neither side until it is known, then the right one", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer);
    render(around(client, gate));
    expect(screen.getByText("Wait")).toBeTruthy();
    await waitFor(() => expect(api.calls).toHaveLength(1));
    await act(async () => slow.release(Response.json({ success: true, ...answer("pro") })));
    expect(await screen.findByRole("button", { name: "Export" })).toBeTruthy();
    expect(screen.queryByText("Wait")).toBeNull();
  });

  it("shows the fallback to a plan without the feature", async () => {
    const { client } = setUp();
    render(around(client, gate));
    expect(await screen.findByText("Upgrade")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("paints the server's answer at once", () => {
    const { client } = setUp();
    render(around(client, gate, { initialEntitlements: answer("pro") }));
    expect(screen.getByRole("button", { name: "Export" })).toBeTruthy();
  });

  it("passes over a server's answer about another organization", () => {
    const { client } = setUp();
    render(around(client, gate, { initialEntitlements: answer("pro", OTHER_ORG) }));
    expect(screen.getByText("Wait")).toBeTruthy();
  });

  it("offers nothing in an outage, and opens in one if told to", async () => {
    const { api, client } = setUp();
    api.instead = () => Promise.reject(new TypeError("fetch failed"));
    render(
      around(
        client,
        <>
          {gate}
          <Gate feature="hasAPI" onError="open">
            Keys
          </Gate>
        </>,
      ),
    );
    expect(await screen.findByText("Keys")).toBeTruthy();
    expect(document.body.textContent).toBe("Keys");
  });

  it("offers nothing on a refusal, and stays closed whatever it is told", async () => {
    const { api, client } = setUp();
    api.plans.clear();
    render(
      around(
        client,
        <Gate feature="hasAPI" onError="open" fallback="Upgrade" error="No">
          Keys
        </Gate>,
      ),
    );
    expect(await screen.findByText("No")).toBeTruthy();
    expect(document.body.textContent).toBe("No");
  });

  it("tells an outage from a refusal, and asks anew when somebody wants it to", async () => {
    const { api, client } = setUp();
    api.fail(503, "database_unavailable");
    const told = ({ reason, error, retry }: GateProblem): ReactNode => (
      <button onClick={retry}>{`${reason} ${error.status}`}</button>
    );
    render(
      around(
        client,
        <Gate feature="canExportMD" error={told}>
          Open
        </Gate>,
      ),
    );
    const outage = await screen.findByRole("button", { name: "outage 503" });
    api.fail(403, "not_a_member");
    act(() => outage.click());
    const refused = await screen.findByRole("button", { name: "refused 403" });
    api.instead = undefined;
    act(() => refused.click());
    expect(await screen.findByText("Open")).toBeTruthy();
  });

  it("shows the offer through an outage to who was without the feature a moment ago", async () => {
    const { api, client } = setUp();
    render(around(client, gate));
    await screen.findByText("Upgrade");
    api.instead = () => Promise.reject(new TypeError("fetch failed"));
    act(() => void window.dispatchEvent(new Event("focus")));
    await waitFor(() => expect(client.getState(ORG)?.error).toBeTruthy());
    expect(screen.getByText("Upgrade")).toBeTruthy();
  });

  it("works under StrictMode with one request", async () => {
    const { api, client } = setUp();
    render(<StrictMode>{around(client, gate)}</StrictMode>);
    expect(await screen.findByText("Upgrade")).toBeTruthy();
    expect(api.calls).toHaveLength(1);
  });

  it("says what is missing around it", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(() => render(gate)).toThrow("A <BillingProvider> must be around this component");
  });
});

describe("BillingProvider", () => {
  it("asks anew when the window is looked at, is shown or is online again", async () => {
    const { api, client } = setUp();
    render(around(client, gate));
    await screen.findByText("Upgrade");
    api.plans.set(ORG, "pro");
    act(() => void window.dispatchEvent(new Event("focus")));
    expect(await screen.findByRole("button")).toBeTruthy();
    expect(api.calls[1]?.headers.get("if-none-match")).toBe('"pilot"');
    for (const [target, name] of [
      [document, "visibilitychange"],
      [window, "online"],
    ] as const) {
      const before = api.calls.length;
      act(() => void target.dispatchEvent(new Event(name)));
      await waitFor(() => expect(api.calls).toHaveLength(before + 1));
    }
  });

  it("asks past what the API remembers when the back button brings the page back", async () => {
    const { api, client } = setUp();
    render(around(client, gate));
    await screen.findByText("Upgrade");
    act(() => void window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false })));
    api.plans.set(ORG, "pro");
    act(() => void window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    expect(await screen.findByRole("button")).toBeTruthy();
    expect(api.calls.map((call) => call.headers.get("if-none-match"))).toEqual([null, '"afresh", "pilot"']);
  });

  it("does not ask while the page is hidden", async () => {
    const { api, client } = setUp();
    render(around(client, gate));
    await screen.findByText("Upgrade");
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    await act(async () => undefined);
    expect(api.calls).toHaveLength(1);
  });

  it("tries again after a failure, later if the API says so, and less and less often", async () => {
    vi.useFakeTimers();
    const { api, client } = setUp();
    api.fail(503, "database_unavailable", { "retry-after": "8" });
    render(around(client, gate));
    await act(() => vi.advanceTimersByTimeAsync(7_999));
    expect(api.calls).toHaveLength(1);
    await act(() => vi.advanceTimersByTimeAsync(1));
    expect(api.calls).toHaveLength(2);
    await act(() => vi.advanceTimersByTimeAsync(9_999));
    expect(api.calls).toHaveLength(2);
    api.instead = undefined;
    await act(() => vi.advanceTimersByTimeAsync(1));
    expect(screen.getByText("Upgrade")).toBeTruthy();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps the server's answer through an outage and says that it is stale", async () => {
    const { api, client } = setUp();
    api.instead = () => Promise.reject(new TypeError("fetch failed"));
    const Shown = (): ReactElement => {
      const { enabled, status, stale, error } = useEntitlement("canExportPDF");
      return <p>{`${enabled} ${status} ${stale} ${error?.code}`}</p>;
    };
    render(around(client, <Shown />, { initialEntitlements: answer("pro") }));
    expect(screen.getByText("true on false undefined")).toBeTruthy();
    expect(await screen.findByText("true on true network")).toBeTruthy();
  });

  it("shows nothing of the last person to the next one, the server's answer included", async () => {
    const { api, client, signIn } = setUp();
    api.plans.set(`ada ${ORG}`, "pro");
    api.plans.set(`bob ${ORG}`, "pilot");
    render(around(client, gate, { initialEntitlements: answer("pro") }));
    await waitFor(() => expect(api.calls).toHaveLength(1));
    const slow = held();
    api.next.push(slow.answerer);
    signIn(tokenOf("bob"));
    act(() => client.clear());
    expect(screen.getByText("Wait")).toBeTruthy();
    await waitFor(() => expect(api.calls).toHaveLength(2));
    await act(async () => slow.release(Response.json({ success: true, ...answer("pilot") })));
    expect(await screen.findByText("Upgrade")).toBeTruthy();
  });

  it("does not ask for ever when everybody has signed out", async () => {
    const { api, client, signIn, asked } = setUp();
    render(around(client, gate));
    await screen.findByText("Upgrade");
    signIn(null);
    const before = asked.length;
    await act(async () => client.clear());
    expect(asked.length - before).toBeLessThanOrEqual(2);
    expect(api.calls).toHaveLength(1);
  });

  it("follows the organization", async () => {
    const { api, client } = setUp();
    api.plans.set(OTHER_ORG, "pro");
    const { rerender } = render(around(client, gate));
    await screen.findByText("Upgrade");
    rerender(around(client, gate, { orgId: OTHER_ORG }));
    expect(screen.getByText("Wait")).toBeTruthy();
    expect(await screen.findByRole("button")).toBeTruthy();
  });

  it("ends its listeners, timers and channel", async () => {
    const { api, client } = setUp();
    const removeChannel = vi.fn();
    const channel = { on: () => channel, subscribe: () => undefined };
    const { unmount } = render(around(client, gate, { realtime: { channel: () => channel, removeChannel } }));
    await screen.findByText("Upgrade");
    unmount();
    window.dispatchEvent(new Event("focus"));
    expect(removeChannel).toHaveBeenCalledWith(channel);
    await Promise.resolve();
    expect(api.calls).toHaveLength(1);
  });
});

describe("hooks", () => {
  it("give the plan, and the client to buy with", async () => {
    const { client } = setUp();
    const Shown = (): ReactElement => {
      const { entitlements, loading } = useEntitlements();
      const billing = useBillingClient();
      return (
        <p>
          {loading
            ? "loading"
            : `${entitlements?.planCode} ${billing.client === client} ${billing.orgId === ORG}`}
        </p>
      );
    };
    render(around(client, <Shown />));
    expect(screen.getByText("loading")).toBeTruthy();
    expect(await screen.findByText("pilot true true")).toBeTruthy();
  });
});
