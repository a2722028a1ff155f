-- What checkout and portal need to know of an organization, for a user: their role, and its account, as
-- billing_private.account_of says it. No row, if they are no member.
create or replace function billing.read_account(caller uuid, org uuid, mode boolean) returns table (
  role text, customer text, replaces text, portal_customer text, shared boolean, last_checkout_session text,
  subscribed boolean, price_unknown boolean, had_trial boolean, contact uuid, portal_subscription text,
  portal_plan text
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- As read_entitlements: a plan for these very values would be no better.
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select m.role, account.*
  from (
    select m.role from billing.members m
    where m.org_id = org and m.user_id = caller
    -- A members table may hold a person twice: the greater right counts.
    order by m.role <> 'owner', m.role <> 'admin' limit 1) m
  cross join billing_private.account_of(org, mode) account;
end $$;
revoke all on function billing.read_account(uuid, uuid, boolean) from public;
grant execute on function billing.read_account(uuid, uuid, boolean) to service_role, billing_checkout;
