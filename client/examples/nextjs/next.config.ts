import type { NextConfig } from "next";

const config: NextConfig = {
  // What calls these addresses on this origin reaches the billing API.
  rewrites: async () => [
    { source: "/api/billing/:path*", destination: `${process.env.BILLING_URL}/api/billing/:path*` },
    { source: "/api/entitlements", destination: `${process.env.BILLING_URL}/api/entitlements` },
  ],
  poweredByHeader: false,
  turbopack: { root: process.cwd() },
};
export default config;
