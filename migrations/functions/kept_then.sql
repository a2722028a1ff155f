-- The same as kept_of, as it was at a moment.
create or replace function billing_private.kept_then(
  plan billing.plans, subscription_id text, org uuid, at timestamptz
) returns jsonb language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select billing_private.kept(plan, jsonb_populate_record(null::billing.subscriptions, h.state))
    from billing_private.rows_then('subscriptions', org, at) h
    where h.key = subscription_id);
end $$;
revoke all on function billing_private.kept_then(billing.plans, text, uuid, timestamptz) from public;
grant execute on function billing_private.kept_then(billing.plans, text, uuid, timestamptz)
  to service_role, billing_operator;
