-- What the organization's subscriptions of a mode grant now, each plan with the time it expires.
create or replace function billing_private.granted_plans(org uuid, mode boolean)
returns table (plan_code text, expires_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select s.plan_code, nullif(max(case s.status when 'past_due' then s.grace_until else 'infinity' end), 'infinity')
  from billing.subscriptions s
  where s.org_id = org and s.livemode = mode
    and billing_private.is_granting(s.status) and s.pause_behavior is distinct from 'void'
  group by s.plan_code;
end $$;
revoke all on function billing_private.granted_plans(uuid, boolean) from public;
