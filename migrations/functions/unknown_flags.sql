-- Those of the flags that metadata names which there are not, with commas between; null: none.
create or replace function billing_private.unknown_flags(flags jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select string_agg(distinct f.flag, ', ' order by f.flag)
    from jsonb_array_elements_text(flags) as f (flag)
    where not exists (
      select from billing.plan_entitlements p where p.plan_code = 'pilot' and p.feature = f.flag));
end $$;
revoke all on function billing_private.unknown_flags(jsonb) from public;
