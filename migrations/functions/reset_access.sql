-- Closes a table: no policy but the owner's, no grant, row level security enabled and forced. A file in
-- policies/ begins with it and then says who may do what. Forced row level security binds the owner too:
-- without its policy no function of ours would see a row.
create or replace function billing_private.reset_access(relation regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  policy name;
  grantee text;
begin
  for policy in select p.polname from pg_policy p where p.polrelid = relation loop
    execute format('drop policy %I on %s', policy, relation);
  end loop;
  for grantee in
    select distinct case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
    from pg_class c, aclexplode(c.relacl) a where c.oid = relation and a.grantee <> c.relowner
  loop
    execute format('revoke all on %s from %s', relation, grantee);
  end loop;
  execute format('alter table %s enable row level security', relation);
  execute format('alter table %s force row level security', relation);
  execute format('create policy owner on %s to billing_owner using (true) with check (true)', relation);
end $$;
revoke all on function billing_private.reset_access(regclass) from public;
