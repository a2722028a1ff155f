-- The columns in which a subscription's row differs from a snapshot of an organization's subscription.
create or replace function billing_private.differences(
  org uuid, current billing.subscriptions, snapshot jsonb
) returns text[] language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  wanted billing.subscriptions;
begin
  wanted := (select r.after from billing_private.snapshot_row(snapshot, current) r);
  wanted.org_id := org;
  if wanted is not distinct from current then
    -- What a schedule plans is asked for, if it was only named.
    return case when wanted.schedule is null or wanted.schedule ? 'next' then '{}'::text[]
      else '{schedule}' end;
  end if;
  return (
    select array_agg(w.key order by w.key)
    from jsonb_each(to_jsonb(wanted)) w
    where w.value is distinct from coalesce(to_jsonb(current) -> w.key, 'null'));
end $$;
revoke all on function billing_private.differences(uuid, billing.subscriptions, jsonb) from public;
