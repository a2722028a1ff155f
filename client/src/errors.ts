// The one error that this package throws. Only an aborted call throws something else: its signal's reason.

import type { ApiErrorCode } from "./types.js";

/**
 * Why a call failed: a code of the API's, or
 *
 * - `network`: nobody answered;
 * - `timeout`: nobody answered in time;
 * - `throttled`: API Gateway takes no more calls for now;
 * - `token_unavailable`: `getToken` threw, or gave none in time;
 * - `user_changed`: the person signed out or another signed in while the call was under way;
 * - `unexpected_response`: what answered is not the API.
 */
export type ErrorCode =
  | ApiErrorCode
  | "network"
  | "timeout"
  | "throttled"
  | "token_unavailable"
  | "user_changed"
  | "unexpected_response";

/** What else is known of a failure. */
export interface BillingErrorDetails {
  /** The HTTP status; 0 if there was no answer. */
  readonly status?: number | undefined;
  /** The API's name for the request. */
  readonly requestId?: string | undefined;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** Where to go instead. */
  readonly portalUrl?: string | undefined;
  /** The error behind it. */
  readonly cause?: unknown;
}

/** A call that failed. */
export class BillingError extends Error {
  /** For programs. */
  readonly code: ErrorCode;
  /** The HTTP status; 0 if there was no answer; 401 without a request if nobody is signed in. */
  readonly status: number;
  /** What to quote when asking about it: the API's log has the reason under it. */
  readonly requestId: string | undefined;
  /** Milliseconds until another try makes sense, where the API said so; 60,000 at most. */
  readonly retryAfter: number | undefined;
  /** With `already_subscribed`: Stripe's page that confirms the change, where the API has opened one. */
  readonly portalUrl: string | undefined;

  /** @internal */
  constructor(
    code: ErrorCode,
    message: string,
    { status = 0, requestId, retryAfter, portalUrl, cause }: BillingErrorDetails = {},
  ) {
    super(message, { cause });
    this.name = "BillingError";
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.portalUrl = portalUrl;
  }

  /**
   * Whether the API could not be had, so that its last answer still counts. False for everything that it
   * refused, and for a 401 or 403 of whatever stands before it.
   */
  get isOutage(): boolean {
    const { code, status } = this;
    if (code === "user_changed") return false;
    // A proxy's page says nothing of the organization, unless it keeps the person out.
    if (code === "unexpected_response") return status !== 401 && status !== 403;
    // Below 400 is no answer at all.
    return status < 400 || status === 429 || status >= 500;
  }
}

/** @internal */
export const userChanged = (): BillingError =>
  new BillingError("user_changed", "The user changed during the call");
