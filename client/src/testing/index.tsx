"use client";
// For tests and stories of components: a provider that needs no API. Without React, use
// `@promptforge/billing/testing/stub`.

import { useState, type ReactElement, type ReactNode } from "react";

import { createBillingClient } from "../client.js";
import { BillingProvider } from "../react/provider.js";
import {
  createBillingStub,
  TEST_ORG,
  testEntitlements,
  type BillingStub,
  type StubFailure,
  type TestEntitlements,
} from "./stub.js";

export * from "./stub.js";

/** Props of {@link TestBillingProvider}. */
export interface TestBillingProviderProps {
  /** What the organization has. Default: nothing was ever bought. */
  readonly answer?: TestEntitlements | undefined;
  /** What is wrong instead; `silence`: it goes on loading. */
  readonly failure?: StubFailure | undefined;
  /**
   * The API to ask, to look at its calls or to change what it says. Default: one of its own, which says
   * `answer`.
   */
  readonly stub?: BillingStub | undefined;
  /** Told where the page would have been left to. It is not left. */
  readonly onNavigate?: ((url: string) => void) | undefined;
  readonly children?: ReactNode;
}

/** A `<BillingProvider>` whose organization has what it is told, in the first render already. */
export function TestBillingProvider(props: TestBillingProviderProps): ReactElement {
  // Begins anew with other props, as when a story's controls are used.
  return <Provider key={JSON.stringify([props.answer, props.failure])} {...props} />;
}

function Provider({ answer, failure, stub, onNavigate, children }: TestBillingProviderProps): ReactElement {
  const [client] = useState(() => {
    const api = stub ?? createBillingStub(answer);
    if (failure) api.fail(failure);
    return createBillingClient({ baseUrl: "", getToken: () => "test", fetch: api.fetch });
  });
  const initial = failure || stub ? undefined : testEntitlements(answer);
  return (
    <BillingProvider
      client={client}
      orgId={answer?.orgId ?? TEST_ORG}
      initialEntitlements={initial}
      navigate={onNavigate ?? stay}
    >
      {children}
    </BillingProvider>
  );
}

const stay = (): void => undefined;
