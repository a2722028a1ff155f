-- The partitions of a table that has one for each month (make_months), of the months that were over at a
-- moment.
create or replace function billing_private.months_until(whole regclass, at timestamptz) returns setof regclass
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select p.part from (
    select i.inhrelid::regclass as part, substring(c.relname from '_(\d{4}_\d\d)$') as name
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = whole) p
  where (to_date(p.name, 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= at;
end $$;
revoke all on function billing_private.months_until(regclass, timestamptz) from public;
