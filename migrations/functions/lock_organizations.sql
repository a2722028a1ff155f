-- Serializes the work on these organizations until the commit. All are locked in one order, so that two
-- callers at once never wait for each other. Row locks of a table that only its owner may change: no login
-- can hold one by itself. Answers them.
create or replace function billing_private.lock_organizations(orgs uuid[]) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform from billing_private.organization_locks l
  where l.slot = any (array(
    select (hashtextextended(one::text, 0) & 16383)::integer from unnest(orgs) as one where one is not null))
  order by l.slot
  for update;
  return orgs;
end $$;
revoke all on function billing_private.lock_organizations(uuid[]) from public;
