-- The mode whose payments counted at a moment, as `live_modes` says it of now: live, if one organization was
-- a customer or had something in live mode.
create or replace function billing_private.livemode_then(at timestamptz) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from billing.customers c where c.livemode and c.created_at <= at) then
    return true;
  end if;
  return exists (
    select from billing.history h
    where h.kind = 'entitlements' and h.valid_from <= at and h.state ->> 'livemode' = 'true'
      and not exists (
        select from billing.history later
        where later.org_id = h.org_id and later.id > h.id and later.kind = h.kind and later.key = h.key
          and later.valid_from <= at));
end $$;
revoke all on function billing_private.livemode_then(timestamptz) from public;
