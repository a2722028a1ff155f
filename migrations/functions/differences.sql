-- The columns in which a subscription's row differs from a snapshot.
create or replace function billing_private.differences(org uuid, current billing.subscriptions, snapshot jsonb)
returns text[] language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select coalesce(array_agg(wanted.key order by wanted.key), '{}')
    from jsonb_each(to_jsonb(jsonb_populate_record(
      null::billing.subscriptions, snapshot || jsonb_build_object('org_id', org)))) wanted
    where (snapshot ? wanted.key or wanted.key = 'org_id')
      and wanted.value is distinct from to_jsonb(current) -> wanted.key);
end $$;
revoke all on function billing_private.differences(uuid, billing.subscriptions, jsonb) from public;
