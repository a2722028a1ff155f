-- The change that waits at a moment for the end of a subscription's paid period: {plan_code, interval, seats,
-- at}. Null: none, or of none is known what it sells. One that is due and of which Stripe's event is still to
-- come is left out, unless it is due by a test clock. `included`: the seats of each plan.
create or replace function billing_private.scheduled_at(
  subscription billing.subscriptions, at timestamptz, included jsonb
) returns jsonb language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  ahead constant jsonb := subscription.schedule -> 'next';
begin
  if ahead ->> 'plan' is null
    or subscription.test_clock is null and (ahead ->> 'at')::timestamptz <= at
  then
    return null;
  end if;
  return jsonb_build_object('plan_code', ahead -> 'plan', 'interval', ahead -> 'interval',
    'at', ahead -> 'at', 'seats', (
      select least(coalesce(sum((coalesce((included ->> i.plan)::bigint, 0) + coalesce(i.seats, 0))
        * coalesce(i.quantity, 1)), 0), 2147483647)
      from jsonb_to_recordset(ahead -> 'items') as i (plan text, seats integer, quantity integer)));
end $$;
revoke all on function billing_private.scheduled_at(billing.subscriptions, timestamptz, jsonb) from public;
grant execute on function billing_private.scheduled_at(billing.subscriptions, timestamptz, jsonb)
  to authenticated, service_role, billing_viewer, billing_operator;
