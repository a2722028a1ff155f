// Before each page: renews a session that is about to end. A page cannot.

import { NextResponse, type NextRequest } from "next/server";

import { billing } from "./lib/billing";

export function proxy(request: NextRequest) {
  return billing.proxy(request, NextResponse);
}

export const config = { matcher: ["/((?!_next/|icon.svg).*)"] };
