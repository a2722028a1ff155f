import "@promptforge/billing/pricing.css";
import "./app.css";
import { createBillingClient } from "@promptforge/billing";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App";
import { getToken } from "./session";

// Once, outside of components.
const client = createBillingClient({ baseUrl: "", getToken });
const orgId = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App client={client} orgId={orgId} />
  </StrictMode>,
);
