-- Items of one subscription may be paid by different intervals (Stripe, "Mixed interval subscriptions"): then
-- each says when its period ends.
alter type billing_private.item add attribute period_end timestamptz;
