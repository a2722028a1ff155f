-- The rows of a table of which there is a history as they were at a moment: of an organization, or the plans.
create or replace function billing_private.rows_then(kind text, org uuid, at timestamptz)
returns setof billing.history language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select latest.* from (
    select distinct on (h.key) h.*
    from billing.history h
    where h.org_id = case rows_then.kind
        when 'plans' then '00000000-0000-0000-0000-000000000000'::uuid else org end
      and h.kind = rows_then.kind and h.valid_from <= at
    order by h.key, h.id desc) latest
  where latest.state is not null;
end $$;
revoke all on function billing_private.rows_then(text, uuid, timestamptz) from public;
grant execute on function billing_private.rows_then(text, uuid, timestamptz)
  to service_role, billing_operator;
