-- What checkout and portal need to know of an organization, for the user whose claims are set: no row, if
-- they are no member. `role` is owner, admin or member; `customer` and `last_checkout_session` are null
-- before the first checkout.
create or replace function billing.read_account(org uuid, mode boolean) returns table (
  role text, customer text, last_checkout_session text, subscribed boolean, had_trial boolean
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select
    m.role,
    c.stripe_customer_id,
    c.last_checkout_session_id,
    exists (
      select from billing.subscriptions s join billing.plans p using (plan_code)
      where s.org_id = m.org_id and s.livemode = mode and p.rank > 0
        and billing_private.is_live(s.status)),
    exists (
      select from billing.subscriptions s
      where s.org_id = m.org_id and s.livemode = mode and s.trial_end is not null)
  from billing.members m
  left join billing.customers c on c.org_id = m.org_id and c.livemode = mode
  where m.org_id = org and m.user_id = billing_private.caller()
  -- A members table may hold a person twice: the greater right counts.
  order by m.role <> 'owner', m.role <> 'admin' limit 1;
end $$;
revoke all on function billing.read_account(uuid, boolean) from public;
grant execute on function billing.read_account(uuid, boolean) to billing_viewer;
