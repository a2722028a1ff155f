-- Those of the flags that metadata names which there are.
create or replace function billing_private.known_flags(flags jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select coalesce(jsonb_agg(distinct f.flag order by f.flag), '[]')
    from jsonb_array_elements_text(flags) as f (flag)
    join billing.plan_entitlements p on p.plan_code = 'pilot' and p.feature = f.flag);
end $$;
revoke all on function billing_private.known_flags(jsonb) from public;
